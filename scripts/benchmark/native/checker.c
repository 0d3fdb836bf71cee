#include "checker.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* 32 steps an octave: a delay is known within 3%. */
static unsigned bucket_of(uint64_t us) {
    if (us < 32) return (unsigned)us;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(us);
    unsigned bucket = (exponent - 4) * 32 + ((us >> (exponent - 5)) & 31);
    return bucket < delay_buckets ? bucket : delay_buckets - 1;
}

enum reading { whole, cut, none };

/* Reads a decimal number and the character behind it. */
static enum reading read_number(const char **at, const char *end, char behind, uint64_t *value) {
    const char *from = *at, *p = from;
    uint64_t number = 0;
    while (p < end && *p >= '0' && *p <= '9' && p - from < 20) number = number * 10 + (uint64_t)(*p++ - '0');
    if (p == end) return cut;
    if (p == from || *p != behind) return none;
    *at = p + 1;
    *value = number;
    return whole;
}

static void add_hole(struct check *check, uint64_t from, uint64_t to) {
    struct hole *hole = malloc(sizeof *hole);
    if (hole == NULL) abort();
    *hole = (struct hole){.from = from, .to = to, .next = check->holes};
    check->holes = hole;
}

/* Takes a number out of the holes; false when it is in none of them. */
static bool fill_hole(struct check *check, uint64_t sequence) {
    for (struct hole **link = &check->holes; *link != NULL; link = &(*link)->next) {
        struct hole *hole = *link;
        if (sequence < hole->from || sequence > hole->to) continue;
        uint64_t from = hole->from, to = hole->to;
        *link = hole->next;
        free(hole);
        if (from < sequence) add_hole(check, from, sequence - 1);
        if (sequence < to) add_hole(check, sequence + 1, to);
        return true;
    }
    return false;
}

void forget_holes(struct check *check) {
    while (check->holes != NULL) {
        struct hole *hole = check->holes;
        check->holes = hole->next;
        free(hole);
    }
}

static void out_of_order(struct check *check, struct tally *tally, uint64_t sequence) {
    if (sequence > check->last) {
        tally->missed += sequence - check->last - 1;
        add_hole(check, check->last + 1, sequence - 1);
        check->last = sequence;
    } else if (fill_hole(check, sequence)) {
        tally->disordered++;
        /* It may have been counted as missed before a reset. */
        if (tally->missed > 0) tally->missed--;
    } else {
        tally->repeated++;
    }
}

/*
 * Markers that were read lately, by sequence number. Clients of one stream get the same ones, so that most need not be
 * read again but only compared: 20 ns instead of 90.
 */
static struct known {
    uint64_t sequence, sent_us, stream;
    size_t length;
    char text[marker_max];
} known_markers[4096];

static struct known *known_of(uint64_t sequence) { return &known_markers[sequence % 4096]; }

static void remember(struct known known, const char *text, size_t length) {
    struct known *place = known_of(known.sequence);
    *place = known;
    place->length = length;
    memcpy(place->text, text, length);
}

/* Whether the next marker of this client begins at `start` and is known. */
static const struct known *expected_at(const struct check *check, const char *start, const char *end) {
    const struct known *known = known_of(check->last + 1);
    return known->sequence == check->last + 1 && known->stream == check->stream &&
                   (size_t)(end - start) >= known->length && memcmp(start, known->text, known->length) == 0
               ? known
               : NULL;
}

static void count_delay(struct tally *tally, uint64_t sent_us, uint64_t now_us) {
    tally->events++;
    tally->delays[bucket_of(now_us > sent_us ? now_us - sent_us : 0)]++;
}

size_t check_bytes(struct check *check, struct tally *tally, const char *bytes, size_t length, uint64_t now_us) {
    const char *at = bytes, *end = bytes + length;
    while ((at = memchr(at, '~', (size_t)(end - at))) != NULL) {
        const char *start = at++;
        const struct known *expected = expected_at(check, start, end);
        if (expected != NULL) {
            count_delay(tally, expected->sent_us, now_us);
            check->last++;
            at = start + expected->length;
            continue;
        }
        uint64_t sequence, sent_us, stream;
        enum reading reading = read_number(&at, end, ' ', &sequence);
        if (reading == none) continue;
        if (reading == whole) reading = read_number(&at, end, ' ', &sent_us);
        if (reading == whole) reading = read_number(&at, end, '~', &stream);
        if (reading == cut) return (size_t)(end - start);
        if (reading == none) {
            tally->corrupt++;
            continue;
        }
        if (stream != check->stream) {
            tally->foreign++;
            continue;
        }
        remember((struct known){.sequence = sequence, .sent_us = sent_us, .stream = stream}, start, (size_t)(at - start));
        count_delay(tally, sent_us, now_us);
        if (sequence == check->last + 1) check->last = sequence;
        else out_of_order(check, tally, sequence);
    }
    return 0;
}
