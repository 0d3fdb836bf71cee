/*
 * The smallest possible broadcaster: in a loop, the program writes the publisher's bytes to every client, with one
 * write per client. The program has no topics and no history, and a slow client blocks all other clients. The program
 * prints `ready CLIENT_PORT PUBLISHER_PORT`, and ends when standard input closes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { clients_max = 65536, round_bytes = 256 * 1024 };

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n";

/* The state of each client, by file descriptor: 0 = no client, 1 = connected, 2 = streaming. */
static unsigned char clients[clients_max];
static int highest;

static void fail(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_on_any_port(unsigned short *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 4096) < 0) fail("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
    *port = ntohs(address.sin_port);
    return fd;
}

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void close_client(int fd) {
    clients[fd] = 0;
    close(fd);
}

/* Writes all bytes, so that every event is complete. Waits while the socket's buffer is full. */
static void write_whole(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            poll(&room, 1, -1);
        } else {
            close_client(fd);
            return;
        }
    }
}

static void broadcast(int publisher) {
    static char round[round_bytes];
    ssize_t length = read(publisher, round, sizeof round);
    if (length <= 0) {
        close(publisher);
        return;
    }
    for (int fd = 0; fd <= highest; fd++)
        if (clients[fd] == 2) write_whole(fd, round, (size_t)length);
}

/* Does not parse the request: the first bytes are enough to start the stream. */
static void read_client(int fd) {
    char request[4096];
    ssize_t length = read(fd, request, sizeof request);
    if (length <= 0) {
        close_client(fd);
    } else if (clients[fd] == 1) {
        clients[fd] = 2;
        write_whole(fd, head, sizeof head - 1);
    }
}

static void accept_client(int listener, int epoll) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= clients_max) {
        close(fd);
        return;
    }
    clients[fd] = 1;
    if (fd > highest) highest = fd;
    watch(epoll, fd);
}

int main(void) {
    unsigned short client_port, publisher_port;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int for_clients = listen_on_any_port(&client_port), for_publisher = listen_on_any_port(&publisher_port);
    int publisher = -1;
    watch(epoll, STDIN_FILENO);
    watch(epoll, for_clients);
    watch(epoll, for_publisher);
    printf("ready %d %d\n", client_port, publisher_port);
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO) return 0;
            if (fd == for_clients) accept_client(for_clients, epoll);
            else if (fd == for_publisher) watch(epoll, publisher = accept4(for_publisher, NULL, NULL, SOCK_CLOEXEC));
            else if (fd == publisher) broadcast(publisher);
            else read_client(fd);
        }
    }
}
