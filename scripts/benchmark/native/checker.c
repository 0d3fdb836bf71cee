#include "checker.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* An octave, from a delay to twice the delay, has 32 buckets. The error of a delay is therefore below 3%. */
static unsigned bucket_of(uint64_t us) {
    if (us < 32) return (unsigned)us;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(us);
    unsigned bucket = (exponent - 4) * 32 + ((us >> (exponent - 5)) & 31);
    return bucket < delay_buckets ? bucket : delay_buckets - 1;
}

enum reading { whole, cut, none };

/* Reads a decimal number and the character after it. */
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

static void add_gap(struct check *check, uint64_t from, uint64_t to) {
    struct gap *gap = malloc(sizeof *gap);
    if (gap == NULL) abort();
    *gap = (struct gap){.from = from, .to = to, .next = check->gaps};
    check->gaps = gap;
}

/* Removes a number from the gaps; returns false if no gap contains the number. */
static bool fill_gap(struct check *check, uint64_t sequence) {
    for (struct gap **link = &check->gaps; *link != NULL; link = &(*link)->next) {
        struct gap *gap = *link;
        if (sequence < gap->from || sequence > gap->to) continue;
        uint64_t from = gap->from, to = gap->to;
        *link = gap->next;
        free(gap);
        if (from < sequence) add_gap(check, from, sequence - 1);
        if (sequence < to) add_gap(check, sequence + 1, to);
        return true;
    }
    return false;
}

void forget_gaps(struct check *check) {
    while (check->gaps != NULL) {
        struct gap *gap = check->gaps;
        check->gaps = gap->next;
        free(gap);
    }
}

static void out_of_order(struct check *check, struct counters *counters, uint64_t sequence) {
    if (sequence > check->last) {
        counters->missed += sequence - check->last - 1;
        add_gap(check, check->last + 1, sequence - 1);
        check->last = sequence;
    } else if (fill_gap(check, sequence)) {
        counters->disordered++;
        /* A reset may have cleared the count after the number was skipped. */
        if (counters->missed > 0) counters->missed--;
    } else {
        counters->repeated++;
    }
}

/*
 * Recently parsed markers, by sequence number. Clients of one stream receive the same markers. The code therefore
 * compares most markers with a stored marker (20 ns) instead of parsing them (90 ns).
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

/* The stored marker if the client's next marker begins at `start`; otherwise NULL. */
static const struct known *expected_at(const struct check *check, const char *start, const char *end) {
    const struct known *known = known_of(check->last + 1);
    return known->sequence == check->last + 1 && known->stream == check->stream &&
                   (size_t)(end - start) >= known->length && memcmp(start, known->text, known->length) == 0
               ? known
               : NULL;
}

static void count_delay(struct counters *counters, uint64_t sent_us, uint64_t now_us) {
    counters->events++;
    counters->delays[bucket_of(now_us > sent_us ? now_us - sent_us : 0)]++;
}

size_t check_bytes(struct check *check, struct counters *counters, const char *bytes, size_t length, uint64_t now_us) {
    const char *at = bytes, *end = bytes + length;
    while ((at = memchr(at, '~', (size_t)(end - at))) != NULL) {
        const char *start = at++;
        const struct known *expected = expected_at(check, start, end);
        if (expected != NULL) {
            count_delay(counters, expected->sent_us, now_us);
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
            counters->corrupt++;
            continue;
        }
        if (stream != check->stream) {
            counters->foreign++;
            continue;
        }
        remember((struct known){.sequence = sequence, .sent_us = sent_us, .stream = stream}, start, (size_t)(at - start));
        count_delay(counters, sent_us, now_us);
        if (sequence == check->last + 1) check->last = sequence;
        else out_of_order(check, counters, sequence);
    }
    return 0;
}
