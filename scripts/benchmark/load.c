/*
 * A crowd of clients in one process, checked byte by byte. Commands come on standard input, one a line:
 *
 *   open count=N host=A port=P path=/x kind=sse|socketio streams=N first=N source=A inflight=N ids=0|1 within=MS
 *   await sequence=N cut=N within=MS    until every client has N, or N - 1 in the streams from `cut` on
 *   report                              what has been seen since the last reset
 *   reset                               counts and delays begin anew
 *   drop                                closes all clients
 *   reconnect inflight=N within=MS      opens those that are closed, with Last-Event-ID where `ids` is 1
 *   quit
 *
 * Each is answered by one line of JSON. `{stream}` in a path is the client's stream: (first + its index) % streams.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "checker.h"

enum {
    read_bytes = 256 * 1024,
    /* What of a read may have to wait for the next one: a marker, or a whole small WebSocket frame. */
    rest_max = 512,
    id_max = 64,
    events_max = 1024,
    line_max = 1024
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

static struct {
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

static struct {
    enum { nothing, opened, reached } kind;
    const char *answer;
    uint64_t sequence;
    uint32_t cut;
    size_t behind;
    uint64_t began_us, streaming_us, deadline_us;
} waiting;

static int epoll;
static char buffer[rest_max + read_bytes];

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The monotonic clock of this machine, which publishers put into payloads, too. */
static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static char *id_of(struct client *client) { return client->store + rest_max; }
static char *next_id_of(struct client *client) { return client->store + rest_max + id_max; }

static uint64_t target_of(const struct client *client) {
    return client->check.stream < waiting.cut ? waiting.sequence : waiting.sequence - 1;
}

static void close_client(struct client *client) {
    if (client->state == closed) return;
    if (client->state == streaming) {
        crowd.streaming--;
        if (waiting.kind == reached && client->check.last < target_of(client)) waiting.behind--;
    } else {
        crowd.opening--;
    }
    close(client->fd);
    client->state = closed;
    client->rest = 0;
}

static void lost_client(struct client *client) {
    if (client->state == streaming) crowd.closed_by_server++;
    else crowd.refused++;
    close_client(client);
}

static void watch(struct client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(epoll, operation, client->fd, &event) < 0) fail("epoll_ctl");
}

static void open_client(struct client *client) {
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) fail("socket");
    /* The kernel then picks the port at connect, when it knows that only the pair must be unique. */
    int yes = 1;
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (crowd.source.sin_addr.s_addr != 0 &&
        bind(client->fd, (struct sockaddr *)&crowd.source, sizeof crowd.source) < 0)
        fail("bind");
    client->state = connecting;
    client->rest = client->head_at = client->status = 0;
    client->head_end = client->line_at = client->next_id_length = 0;
    client->in_id = false;
    crowd.opening++;
    int result = connect(client->fd, (struct sockaddr *)&crowd.server, sizeof crowd.server);
    if (result < 0 && errno != EINPROGRESS) {
        lost_client(client);
        return;
    }
    watch(client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void open_more(void) {
    while (crowd.next < crowd.count && crowd.opening < crowd.inflight) {
        struct client *client = &crowd.clients[crowd.next++];
        if (client->state == closed) open_client(client);
    }
}

/* `{stream}` in the path becomes the client's stream. */
static void write_path(const struct client *client, char *out, size_t size) {
    const char *mark = strstr(crowd.path, "{stream}");
    if (mark == NULL) snprintf(out, size, "%s", crowd.path);
    else
        snprintf(out, size, "%.*s%" PRIu32 "%s", (int)(mark - crowd.path), crowd.path, client->check.stream,
                 mark + strlen("{stream}"));
}

static void send_request(struct client *client) {
    char path[600], request[1200], id[id_max + 32] = "";
    write_path(client, path, sizeof path);
    if (crowd.ids && client->id_length > 0)
        snprintf(id, sizeof id, "Last-Event-ID: %.*s\r\n", client->id_length, id_of(client));
    const char *kind = crowd.socketio ? "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                      : "Accept: text/event-stream\r\n";
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", path, kind, id);
    if (write(client->fd, request, (size_t)length) != length) {
        lost_client(client);
        return;
    }
    client->state = head;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

static void now_streaming(struct client *client) {
    client->state = streaming;
    crowd.opening--;
    crowd.streaming++;
    waiting.streaming_us = now_us();
}

/* Reads the response head; returns where the body begins, or `end`. */
static const char *read_head(struct client *client, const char *at, const char *end) {
    static const char empty_line[] = "\r\n\r\n";
    for (; at < end; at++) {
        /* "HTTP/1.1 200": the three digits. */
        if (client->head_at >= 9 && client->head_at < 12)
            client->status = (uint16_t)(client->status * 10 + (*at - '0'));
        client->head_at++;
        client->head_end = *at == empty_line[client->head_end] ? client->head_end + 1 : *at == '\r';
        if (client->head_end < 4) continue;
        crowd.last_status = client->status;
        if (client->status == 200 && !crowd.socketio) now_streaming(client);
        else if (client->status == 101 && crowd.socketio) client->state = joining;
        else lost_client(client);
        return at + 1;
    }
    return end;
}

/* Keeps the last event id as a browser does: a line `id:` counts when its event is whole. */
static void keep_ids(struct client *client, const char *at, const char *end) {
    static const char field[] = "id:";
    for (; at < end; at++) {
        if (*at == '\n') {
            if (client->line_at == 0 && client->next_id_length > 0) {
                memcpy(id_of(client), next_id_of(client), client->next_id_length);
                client->id_length = client->next_id_length;
            }
            client->line_at = 0;
            client->in_id = false;
        } else if (client->in_id) {
            bool leading_space = *at == ' ' && client->next_id_length == 0;
            if (*at != '\r' && !leading_space && client->next_id_length < id_max)
                next_id_of(client)[client->next_id_length++] = *at;
        } else if (*at != '\r') {
            if (client->line_at < 3 && *at == field[client->line_at]) {
                if (++client->line_at == 3) {
                    client->in_id = true;
                    client->next_id_length = 0;
                }
            } else {
                client->line_at = 4;
            }
        }
    }
}

/* One character of engine.io, or two of socket.io, in a masked frame whose mask is zero. */
static void send_packet(struct client *client, const char *packet) {
    unsigned char frame[16] = {0x81};
    size_t length = strlen(packet);
    frame[1] = (unsigned char)(0x80 | length);
    memcpy(frame + 6, packet, length);
    if (write(client->fd, frame, 6 + length) < 0 && errno != EAGAIN) lost_client(client);
}

/* What engine.io and socket.io say besides events: opened, joined, ping. */
static void read_packet(struct client *client, const char *packet, size_t length) {
    if (packet[0] == '0') send_packet(client, "40");
    else if (packet[0] == '2') send_packet(client, "3");
    else if (length >= 2 && packet[0] == '4' && packet[1] == '0' && client->state == joining) now_streaming(client);
}

/* Reads whole WebSocket frames [RFC 6455 5.2] and returns how many bytes at the end are not whole. */
static size_t read_frames(struct client *client, const char *at, const char *end, uint64_t now) {
    while (end - at >= 2 && client->state != closed) {
        size_t length = (unsigned char)at[1] & 0x7f, header = 2;
        if (length == 126) {
            header = 4;
            if (end - at < 4) break;
            length = (size_t)((unsigned char)at[2] << 8 | (unsigned char)at[3]);
        }
        if ((size_t)(end - at) < header + length) break;
        if (length > 0) read_packet(client, at + header, length);
        if (check_bytes(&client->check, &crowd.tally, at + header, length, now) > 0) crowd.tally.corrupt++;
        at += header + length;
    }
    return (size_t)(end - at);
}

static void read_body(struct client *client, const char *at, const char *end) {
    uint64_t now = now_us(), before = client->check.last;
    if (crowd.ids && at + client->rest < end) keep_ids(client, at + client->rest, end);
    size_t rest = crowd.socketio ? read_frames(client, at, end, now)
                                 : check_bytes(&client->check, &crowd.tally, at, (size_t)(end - at), now);
    if (client->state == closed) return;
    if (waiting.kind == reached && client->state == streaming) {
        uint64_t target = target_of(client);
        if (before < target && client->check.last >= target) waiting.behind--;
    }
    if (rest > rest_max) {
        crowd.tally.corrupt++;
        lost_client(client);
        return;
    }
    memcpy(client->store, end - rest, rest);
    client->rest = (uint16_t)rest;
}

static void read_client(struct client *client) {
    char *into = buffer + rest_max;
    ssize_t length = read(client->fd, into, read_bytes);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
        lost_client(client);
        return;
    }
    crowd.reads++;
    crowd.bytes += (uint64_t)length;
    const char *at = into, *end = into + length;
    if (client->state == head) at = read_head(client, at, end);
    if (client->state == closed || at == end) return;
    if (client->rest > 0) {
        at = into - client->rest;
        memcpy(into - client->rest, client->store, client->rest);
    }
    read_body(client, at, end);
}

static void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

static void answer_waiting(uint64_t now) {
    say("{\"answer\":\"%s\",\"open\":%zu,\"refused\":%" PRIu64 ",\"lastStatus\":%u,\"behind\":%zu,"
        "\"micros\":%" PRIu64 ",\"openMicros\":%" PRIu64 "}\n",
        waiting.answer, crowd.streaming, crowd.refused, crowd.last_status,
        waiting.kind == reached ? waiting.behind : 0, now - waiting.began_us,
        waiting.streaming_us > waiting.began_us ? waiting.streaming_us - waiting.began_us : 0);
    fflush(stdout);
    waiting.kind = nothing;
}

static void look_at_waiting(void) {
    if (waiting.kind == nothing) return;
    uint64_t now = now_us();
    bool all_tried = crowd.next == crowd.count && crowd.opening == 0;
    bool done = waiting.kind == opened ? all_tried : all_tried && waiting.behind == 0;
    if (done || now >= waiting.deadline_us) answer_waiting(now);
}

/* The value of `key=` in a command, or NULL. */
static const char *option(const char *line, const char *key) {
    static char value[512];
    size_t length = strlen(key);
    for (const char *at = line; (at = strchr(at, ' ')) != NULL;) {
        at++;
        if (strncmp(at, key, length) != 0 || at[length] != '=') continue;
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at + length + 1, " "), at + length + 1);
        return value;
    }
    return NULL;
}

static uint64_t number_option(const char *line, const char *key, uint64_t otherwise) {
    const char *value = option(line, key);
    return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static void read_address(const char *text, struct sockaddr_in *address) {
    address->sin_family = AF_INET;
    if (text != NULL && inet_pton(AF_INET, text, &address->sin_addr) != 1) fail("no such address");
}

static void begin_waiting(const char *answer, const char *line) {
    uint64_t now = now_us();
    waiting.answer = answer;
    waiting.began_us = now;
    waiting.deadline_us = now + number_option(line, "within", 30000) * 1000;
}

/* One crowd a process: a second `open` is refused. */
static void command_open(const char *line) {
    if (crowd.clients != NULL) fail("opened already");
    crowd.count = number_option(line, "count", 1);
    crowd.streams = (uint32_t)number_option(line, "streams", 1);
    crowd.first = (uint32_t)number_option(line, "first", 0);
    crowd.inflight = number_option(line, "inflight", 400);
    crowd.ids = number_option(line, "ids", 0) != 0;
    const char *kind = option(line, "kind");
    crowd.socketio = kind != NULL && strcmp(kind, "socketio") == 0;
    const char *path = option(line, "path");
    snprintf(crowd.path, sizeof crowd.path, "%s", path == NULL ? "/" : path);
    read_address(option(line, "host"), &crowd.server);
    crowd.server.sin_port = htons((uint16_t)number_option(line, "port", 80));
    read_address(option(line, "source"), &crowd.source);
    crowd.store_bytes = rest_max + (crowd.ids ? 2 * id_max : 0);
    crowd.clients = calloc(crowd.count, sizeof *crowd.clients);
    crowd.stores = malloc(crowd.count * crowd.store_bytes);
    if (crowd.clients == NULL || crowd.stores == NULL) fail("no memory");
    for (size_t i = 0; i < crowd.count; i++) {
        crowd.clients[i].store = crowd.stores + i * crowd.store_bytes;
        crowd.clients[i].check.stream = (uint32_t)((crowd.first + i) % crowd.streams);
    }
    begin_waiting("open", line);
    waiting.kind = opened;
}

static void command_await(const char *line) {
    begin_waiting("await", line);
    waiting.kind = reached;
    waiting.sequence = number_option(line, "sequence", 0);
    waiting.cut = (uint32_t)number_option(line, "cut", UINT32_MAX);
    waiting.behind = 0;
    for (size_t i = 0; i < crowd.count; i++) {
        struct client *client = &crowd.clients[i];
        waiting.behind += client->state == streaming && client->check.last < target_of(client);
    }
}

static void command_drop(void) {
    for (size_t i = 0; i < crowd.count; i++) close_client(&crowd.clients[i]);
    crowd.next = crowd.count;
    say("{\"answer\":\"drop\"}\n");
}

static void command_reconnect(const char *line) {
    crowd.inflight = number_option(line, "inflight", crowd.inflight);
    crowd.next = 0;
    crowd.refused = 0;
    begin_waiting("reconnect", line);
    waiting.kind = opened;
}

static void command_reset(void) {
    memset(&crowd.tally, 0, sizeof crowd.tally);
    crowd.bytes = crowd.reads = crowd.closed_by_server = 0;
    for (size_t i = 0; i < crowd.count; i++) forget_holes(&crowd.clients[i].check);
    say("{\"answer\":\"reset\"}\n");
}

static void command_report(void) {
    uint64_t lowest = UINT64_MAX, highest = 0;
    for (size_t i = 0; i < crowd.count; i++) {
        const struct check *check = &crowd.clients[i].check;
        if (check->last < lowest) lowest = check->last;
        if (check->last > highest) highest = check->last;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const struct tally *tally = &crowd.tally;
    say("{\"answer\":\"report\",\"atMicros\":%" PRIu64 ",\"open\":%zu,\"closed\":%" PRIu64 ",\"events\":%" PRIu64
        ",\"bytes\":%" PRIu64 ",\"reads\":%" PRIu64,
        now_us(), crowd.streaming, crowd.closed_by_server, tally->events, crowd.bytes, crowd.reads);
    say(",\"missed\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"disordered\":%" PRIu64 ",\"foreign\":%" PRIu64
        ",\"corrupt\":%" PRIu64 ",\"lowest\":%" PRIu64 ",\"highest\":%" PRIu64,
        tally->missed, tally->repeated, tally->disordered, tally->foreign, tally->corrupt,
        crowd.count == 0 ? 0 : lowest, highest);
    say(",\"cpuMicros\":%" PRIu64 ",\"delays\":[",
        (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
    const char *comma = "";
    for (unsigned bucket = 0; bucket < delay_buckets; bucket++) {
        if (tally->delays[bucket] == 0) continue;
        say("%s[%u,%" PRIu64 "]", comma, bucket, tally->delays[bucket]);
        comma = ",";
    }
    say("]}\n");
}

static void run_command(const char *line) {
    size_t length = strcspn(line, " ");
    if (strncmp(line, "open", length) == 0) command_open(line);
    else if (strncmp(line, "await", length) == 0) command_await(line);
    else if (strncmp(line, "report", length) == 0) command_report();
    else if (strncmp(line, "reset", length) == 0) command_reset();
    else if (strncmp(line, "drop", length) == 0) command_drop();
    else if (strncmp(line, "reconnect", length) == 0) command_reconnect(line);
    else if (strncmp(line, "quit", length) == 0) exit(0);
    else say("{\"answer\":\"error\",\"message\":\"no such command\"}\n");
    fflush(stdout);
}

/* Ends the process with whoever commands it. */
static void read_commands(void) {
    static char line[line_max];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, line + length, sizeof line - length);
    if (got <= 0) exit(0);
    length += (size_t)got;
    char *newline;
    while ((newline = memchr(line, '\n', length)) != NULL) {
        *newline = '\0';
        run_command(line);
        length -= (size_t)(newline + 1 - line);
        memmove(line, newline + 1, length);
    }
    if (length == sizeof line) fail("a command is too long");
}

int main(void) {
    static struct epoll_event events[events_max];
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &commands) < 0) fail("standard input");
    for (;;) {
        int count = epoll_wait(epoll, events, events_max, waiting.kind == nothing ? -1 : 5);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;
            if (client == NULL) read_commands();
            else if (client->state == closed) continue;
            else if (client->state == connecting && (events[i].events & (EPOLLERR | EPOLLHUP))) lost_client(client);
            else if (client->state == connecting) send_request(client);
            else read_client(client);
        }
        open_more();
        look_at_waiting();
    }
}
