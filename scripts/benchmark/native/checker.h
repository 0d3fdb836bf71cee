#ifndef PHAROS_CHECKER_H
#define PHAROS_CHECKER_H

#include <stddef.h>
#include <stdint.h>

/* Maximum length of a marker: three numbers of 20 digits, two spaces, two tildes. */
enum { marker_max = 64, delay_buckets = 1280 };

/* A range of sequence numbers that were skipped and may still arrive late. */
struct gap {
    uint64_t from, to;
    struct gap *next;
};

/*
 * The numbers that one client has received. The client must receive every number of its stream once, from `last` + 1
 * on.
 */
struct check {
    uint64_t last;
    uint32_t stream;
    struct gap *gaps;
};

/* Counters over all clients of this process since the last reset. */
struct counters {
    uint64_t events;
    /* Numbers that were skipped and have still not arrived. */
    uint64_t missed;
    /* Numbers that arrived a second time. */
    uint64_t repeated;
    /* Numbers that arrived after a higher number. */
    uint64_t disordered;
    /* Events of a stream that the client does not follow. */
    uint64_t foreign;
    /* Bytes that begin like a marker but are not a marker. */
    uint64_t corrupt;
    uint64_t delays[delay_buckets];
};

/*
 * Finds and checks each marker `~SEQUENCE MICROSECONDS STREAM~` in the bytes, in any framing. Returns the length of an
 * incomplete marker at the end. The caller must pass these bytes again, followed by the next bytes.
 */
size_t check_bytes(struct check *check, struct counters *counters, const char *bytes, size_t length, uint64_t now_us);

/* Clears the skipped numbers of a client. */
void forget_gaps(struct check *check);

#endif
