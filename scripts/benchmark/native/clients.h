#ifndef PHAROS_CROWD_H
#define PHAROS_CROWD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checker.h"

enum {
    read_bytes = 256 * 1024,
    /* What of a read may have to wait for the next one: a marker, or a whole small WebSocket frame. */
    rest_max = 512,
    id_max = 64,
    clients_per_source = 10000
};

enum state { closed, connecting, head, joining, streaming };

struct client {
    struct check check;
    int fd;
    uint8_t state;
    uint16_t rest;
    /* How far the response head has been read, and how much of the empty line that ends it. */
    uint16_t head_at;
    uint8_t head_end;
    uint16_t status;
    /* Where the line of an event stream stands, for `id:`. */
    uint8_t line_at, id_length, next_id_length;
    bool in_id;
    /* The rest, and behind it the committed and the next id where ids are kept. */
    char *store;
};

/* All clients of this process: one crowd. */
extern struct crowd {
    struct client *clients;
    char *stores;
    size_t store_bytes;
    size_t count, next;
    size_t opening, streaming;
    size_t inflight;
    bool socketio, ids;
    uint32_t streams, first;
    char path[512];
    struct sockaddr_in server, source;
    struct tally tally;
    uint64_t bytes, reads, refused, closed_by_server;
    unsigned last_status;
} crowd;

/* The command that is waited for. */
extern struct waiting {
    enum { nothing, opened, reached } kind;
    const char *answer;
    uint64_t sequence;
    uint32_t cut;
    /* Streaming clients that do not have what is awaited. */
    size_t behind;
    uint64_t began_us, streaming_us, deadline_us;
} waiting;

extern int epoll;

/* Ends the process with what failed. */
void fail(const char *what);

/* The monotonic clock of this machine, which publishers put into payloads, too. */
uint64_t now_us(void);

/* The sequence number that a client must have for the present `await`. */
uint64_t target_of(const struct client *client);

/* Opens closed clients in their turn, while fewer than `inflight` wait for their stream. */
void open_more(void);
void close_client(struct client *client);

/* The server has ended it, or it has done what no server may. */
void lost_client(struct client *client);

/* What epoll has told of a client. */
void serve_client(struct client *client, uint32_t events);

/* Takes what came on a client's connection; `at` begins with its rest of last time. */
void read_bytes_of(struct client *client, const char *at, const char *end);

/* Where the last event id of a client lies. */
char *id_of(struct client *client);

#endif
