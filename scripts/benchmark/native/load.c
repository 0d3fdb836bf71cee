/*
 * Many clients in one process. The program checks every byte that the clients receive. Standard input has one command
 * per line:
 *
 *   open count=N host=A port=P path=/x kind=sse|socketio streams=N first=N source=A inflight=N ids=0|1 within=MS
 *   await sequence=N cut=N within=MS    waits until every client has N, or N - 1 in the streams from `cut` on
 *   report                              prints counts and delays since the last reset
 *   reset                               sets counts and delays to zero
 *   drop                                closes all clients
 *   reconnect inflight=N within=MS      opens closed clients, with Last-Event-ID if `ids` is 1
 *   quit
 *
 * Each answer is one line of JSON. The first 10,000 clients connect from address A, the next 10,000 from A + 1, ...
 * `{stream}` in a path is the client's stream: (first + its index) % streams.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients.h"

enum { events_max = 1024, line_max = 1024 };

static void print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

static void answer_waiting(uint64_t now) {
    print("{\"answer\":\"%s\",\"open\":%zu,\"refused\":%" PRIu64 ",\"lastStatus\":%u,\"behind\":%zu,"
        "\"micros\":%" PRIu64 ",\"openMicros\":%" PRIu64 "}\n",
        waiting.answer, load.streaming, load.refused, load.last_status,
        waiting.kind == reached ? waiting.behind : 0, now - waiting.began_us,
        waiting.streaming_us > waiting.began_us ? waiting.streaming_us - waiting.began_us : 0);
    fflush(stdout);
    waiting.kind = nothing;
}

static void check_waiting(void) {
    if (waiting.kind == nothing) return;
    uint64_t now = now_us();
    bool all_tried = load.next == load.count && load.opening == 0;
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

/* A process accepts `open` once. */
static void command_open(const char *line) {
    if (load.clients != NULL) fail("opened already");
    load.count = number_option(line, "count", 1);
    load.streams = (uint32_t)number_option(line, "streams", 1);
    load.first = (uint32_t)number_option(line, "first", 0);
    load.inflight = number_option(line, "inflight", 400);
    load.ids = number_option(line, "ids", 0) != 0;
    const char *kind = option(line, "kind");
    load.socketio = kind != NULL && strcmp(kind, "socketio") == 0;
    const char *path = option(line, "path");
    snprintf(load.path, sizeof load.path, "%s", path == NULL ? "/" : path);
    read_address(option(line, "host"), &load.server);
    load.server.sin_port = htons((uint16_t)number_option(line, "port", 80));
    read_address(option(line, "source"), &load.source);
    load.store_bytes = rest_max + (load.ids ? 2 * id_max : 0);
    load.clients = calloc(load.count, sizeof *load.clients);
    load.stores = malloc(load.count * load.store_bytes);
    if (load.clients == NULL || load.stores == NULL) fail("no memory");
    for (size_t i = 0; i < load.count; i++) {
        load.clients[i].store = load.stores + i * load.store_bytes;
        load.clients[i].check.stream = (uint32_t)((load.first + i) % load.streams);
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
    for (size_t i = 0; i < load.count; i++) {
        struct client *client = &load.clients[i];
        waiting.behind += client->state == streaming && client->check.last < expected_of(client);
    }
}

static void command_drop(void) {
    for (size_t i = 0; i < load.count; i++) close_client(&load.clients[i]);
    load.next = load.count;
    print("{\"answer\":\"drop\"}\n");
}

static void command_reconnect(const char *line) {
    load.inflight = number_option(line, "inflight", load.inflight);
    load.next = 0;
    load.refused = 0;
    begin_waiting("reconnect", line);
    waiting.kind = opened;
}

static void command_reset(void) {
    memset(&load.counters, 0, sizeof load.counters);
    load.bytes = load.reads = load.closed_by_server = 0;
    for (size_t i = 0; i < load.count; i++) forget_gaps(&load.clients[i].check);
    print("{\"answer\":\"reset\"}\n");
}

static void command_report(void) {
    uint64_t lowest = UINT64_MAX, highest = 0;
    for (size_t i = 0; i < load.count; i++) {
        const struct check *check = &load.clients[i].check;
        if (check->last < lowest) lowest = check->last;
        if (check->last > highest) highest = check->last;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const struct counters *counters = &load.counters;
    print("{\"answer\":\"report\",\"atMicros\":%" PRIu64 ",\"open\":%zu,\"closed\":%" PRIu64 ",\"events\":%" PRIu64
        ",\"bytes\":%" PRIu64 ",\"reads\":%" PRIu64,
        now_us(), load.streaming, load.closed_by_server, counters->events, load.bytes, load.reads);
    print(",\"missed\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"disordered\":%" PRIu64 ",\"foreign\":%" PRIu64
        ",\"corrupt\":%" PRIu64 ",\"lowest\":%" PRIu64 ",\"highest\":%" PRIu64,
        counters->missed, counters->repeated, counters->disordered, counters->foreign, counters->corrupt,
        load.count == 0 ? 0 : lowest, highest);
    print(",\"cpuMicros\":%" PRIu64 ",\"delays\":[",
        (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
    const char *comma = "";
    for (unsigned bucket = 0; bucket < delay_buckets; bucket++) {
        if (counters->delays[bucket] == 0) continue;
        print("%s[%u,%" PRIu64 "]", comma, bucket, counters->delays[bucket]);
        comma = ",";
    }
    print("]}\n");
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
    else print("{\"answer\":\"error\",\"message\":\"no such command\"}\n");
    fflush(stdout);
}

/* Ends the process when standard input closes. */
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

/*
 * Returns the time until the deadline, in milliseconds, or -1 without a deadline. If each process woke up every few
 * milliseconds, 50 processes would use a whole core.
 */
static int sleep_ms(void) {
    if (waiting.kind == nothing) return -1;
    uint64_t now = now_us();
    return now >= waiting.deadline_us ? 0 : (int)((waiting.deadline_us - now) / 1000 + 1);
}

int main(void) {
    static struct epoll_event events[events_max];
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &commands) < 0) fail("standard input");
    for (;;) {
        int count = epoll_wait(epoll, events, events_max, sleep_ms());
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) read_commands();
            else serve_client(events[i].data.ptr, events[i].events);
        }
        open_more();
        check_waiting();
    }
}
