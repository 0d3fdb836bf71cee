#define _GNU_SOURCE
#include "clients.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct load load;
struct waiting waiting;
int epoll;

void fail(const char *what) {
    fprintf(stderr, "load: %s: %s, with %zu of %zu clients streaming\n", what, strerror(errno), load.streaming,
            load.count);
    exit(1);
}

uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t expected_of(const struct client *client) {
    return client->check.stream < waiting.cut ? waiting.sequence : waiting.sequence - 1;
}

void close_client(struct client *client) {
    if (client->state == closed) return;
    if (client->state == streaming) {
        load.streaming--;
        if (waiting.kind == reached && client->check.last < expected_of(client)) waiting.behind--;
    } else {
        load.opening--;
    }
    close(client->fd);
    client->state = closed;
    client->rest = 0;
}

void fail_client(struct client *client) {
    if (client->state == streaming) load.closed_by_server++;
    else load.refused++;
    close_client(client);
}

static void watch(struct client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(epoll, operation, client->fd, &event) < 0) fail("epoll_ctl");
}

/*
 * A client's source address; each address has 10,000 clients. An address has 28,000 ports, but the kernel tries all odd
 * ports first. If all odd ports are in use, a call of connect needs 0.7 ms instead of 0.02 ms.
 */
static struct sockaddr_in source_of(const struct client *client) {
    struct sockaddr_in source = load.source;
    uint32_t further = (uint32_t)((size_t)(client - load.clients) / clients_per_source);
    if (source.sin_addr.s_addr != 0) source.sin_addr.s_addr = htonl(ntohl(source.sin_addr.s_addr) + further);
    return source;
}

static void open_client(struct client *client) {
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) fail("socket");
    /*
     * With this option, the kernel chooses the port when the client connects. The kernel then knows the target, and
     * only the pair of source and target must be unique.
     */
    int yes = 1;
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    struct sockaddr_in source = source_of(client);
    if (source.sin_addr.s_addr != 0 && bind(client->fd, (struct sockaddr *)&source, sizeof source) < 0) fail("bind");
    client->state = connecting;
    client->rest = client->head_at = client->status = 0;
    client->head_end = client->line_at = client->next_id_length = 0;
    client->in_id = false;
    load.opening++;
    int result = connect(client->fd, (struct sockaddr *)&load.server, sizeof load.server);
    if (result < 0 && errno != EINPROGRESS) {
        fail_client(client);
        return;
    }
    watch(client, EPOLL_CTL_ADD, EPOLLOUT);
}

void open_more(void) {
    while (load.next < load.count && load.opening < load.inflight) {
        struct client *client = &load.clients[load.next++];
        if (client->state == closed) open_client(client);
    }
}

/* Replaces `{stream}` in the path by the client's stream. */
static void write_path(const struct client *client, char *out, size_t size) {
    const char *mark = strstr(load.path, "{stream}");
    if (mark == NULL) snprintf(out, size, "%s", load.path);
    else
        snprintf(out, size, "%.*s%" PRIu32 "%s", (int)(mark - load.path), load.path, client->check.stream,
                 mark + strlen("{stream}"));
}

static void send_request(struct client *client) {
    char path[600], request[1200], id[id_max + 32] = "";
    write_path(client, path, sizeof path);
    if (load.ids && client->id_length > 0)
        snprintf(id, sizeof id, "Last-Event-ID: %.*s\r\n", client->id_length, id_of(client));
    const char *kind = load.socketio ? "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                      : "Accept: text/event-stream\r\n";
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", path, kind, id);
    if (write(client->fd, request, (size_t)length) != length) {
        fail_client(client);
        return;
    }
    client->state = head;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

static void read_client(struct client *client) {
    static char buffer[rest_max + read_bytes];
    char *into = buffer + rest_max;
    ssize_t length = read(client->fd, into, read_bytes);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
        fail_client(client);
        return;
    }
    load.reads++;
    load.bytes += (uint64_t)length;
    memcpy(into - client->rest, client->store, client->rest);
    read_bytes_of(client, into - client->rest, into + length);
}

void serve_client(struct client *client, uint32_t events) {
    if (client->state == closed) return;
    if (client->state != connecting) read_client(client);
    else if (events & (EPOLLERR | EPOLLHUP)) fail_client(client);
    else send_request(client);
}
