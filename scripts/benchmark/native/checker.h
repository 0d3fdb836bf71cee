#ifndef PHAROS_CHECKER_H
#define PHAROS_CHECKER_H

#include <stddef.h>
#include <stdint.h>

/* No marker is longer: three numbers of 20 digits, two spaces, two tildes. */
enum { marker_max = 64, delay_buckets = 1280 };

/* A run of sequence numbers that were skipped and may still come late. */
struct hole {
    uint64_t from, to;
    struct hole *next;
};

/* What one client has seen. It must get every number of its stream once, from `last` + 1 on. */
struct check {
    uint64_t last;
    uint32_t stream;
    struct hole *holes;
};

/* What all clients of this process have seen since the last reset. */
struct tally {
    uint64_t events;
    /* Numbers that were skipped and have not come. */
    uint64_t missed;
    /* Numbers that had come before. */
    uint64_t repeated;
    /* Numbers that came after a later one. */
    uint64_t disordered;
    /* Events of a stream that this client does not follow. */
    uint64_t foreign;
    /* Beginnings of a marker that do not go on as one. */
    uint64_t corrupt;
    uint64_t delays[delay_buckets];
};

/*
 * Finds each marker `~SEQUENCE MICROSECONDS STREAM~` in the bytes, whatever framing is around it, and checks it.
 * Returns how many bytes at the end begin a marker that is not whole yet: present them again, followed by what comes.
 */
size_t check_bytes(struct check *check, struct tally *tally, const char *bytes, size_t length, uint64_t now_us);

/* Forgets the skipped numbers of a client. */
void forget_holes(struct check *check);

#endif
