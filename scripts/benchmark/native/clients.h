#ifndef PHAROS_CLIENTS_H
#define PHAROS_CLIENTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checker.h"

enum {
    read_bytes = 256 * 1024,
    /*
     * The maximum number of bytes that one read leaves for the next read: a marker, or a whole small WebSocket frame.
     */
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
    /* The number of bytes read of the response head, and of the empty line at the end of the head. */
    uint16_t head_at;
    uint8_t head_end;
    uint16_t status;
    /* Position in a line of the event stream, for finding `id:`. */
    uint8_t line_at, id_length, next_id_length;
    bool in_id;
    /* The bytes that the next read begins with. If the client stores ids, the current and the next event id follow. */
    char *store;
};

/* All clients of this process. */
extern struct load {
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
    struct counters counters;
    uint64_t bytes, reads, refused, closed_by_server;
    unsigned last_status;
} load;

/* The command whose answer waits for clients. */
extern struct waiting {
    enum { nothing, opened, reached } kind;
    const char *answer;
    uint64_t sequence;
    uint32_t cut;
    /* Streaming clients that have not received the awaited number. */
    size_t behind;
    uint64_t began_us, streaming_us, deadline_us;
} waiting;

extern int epoll;

/* Ends the process with an error message. */
void fail(const char *what);

/* The machine's monotonic clock, in microseconds. Publishers write times of the same clock into payloads. */
uint64_t now_us(void);

/* The sequence number that a client must receive for the current `await`. */
uint64_t expected_of(const struct client *client);

/* Opens closed clients while fewer than `inflight` clients wait for their stream. */
void open_more(void);
void close_client(struct client *client);

/* Closes a client because the server closed the connection or violated the protocol. Counts the client as closed. */
void fail_client(struct client *client);

/* Handles the epoll events of a client. */
void serve_client(struct client *client, uint32_t events);

/* Parses the bytes of a client's connection. The bytes begin with the rest of the previous read. */
void read_bytes_of(struct client *client, const char *at, const char *end);

/* The last event id of a client. */
char *id_of(struct client *client);

#endif
