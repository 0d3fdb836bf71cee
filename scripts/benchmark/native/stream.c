#include "clients.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

char *id_of(struct client *client) { return client->store + rest_max; }
static char *next_id_of(struct client *client) { return client->store + rest_max + id_max; }

static void now_streaming(struct client *client) {
    client->state = streaming;
    load.opening--;
    load.streaming++;
    waiting.streaming_us = now_us();
}

/* Reads the response head; returns where the body begins, or `end`. */
static const char *read_head(struct client *client, const char *at, const char *end) {
    static const char empty_line[] = "\r\n\r\n";
    for (; at < end; at++) {
        /* The three digits of the status in "HTTP/1.1 200". */
        if (client->head_at >= 9 && client->head_at < 12)
            client->status = (uint16_t)(client->status * 10 + (*at - '0'));
        client->head_at++;
        client->head_end = *at == empty_line[client->head_end] ? client->head_end + 1 : *at == '\r';
        if (client->head_end < 4) continue;
        load.last_status = client->status;
        if (client->status == 200 && !load.socketio) now_streaming(client);
        else if (client->status == 101 && load.socketio) client->state = joining;
        else fail_client(client);
        return at + 1;
    }
    return end;
}

/* Stores the last event id as a browser does: an `id:` line takes effect only when the event is complete. */
static void store_ids(struct client *client, const char *at, const char *end) {
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

/* Sends an engine.io packet in a masked frame whose mask is zero. */
static void send_packet(struct client *client, const char *packet) {
    unsigned char frame[16] = {0x81};
    size_t length = strlen(packet);
    frame[1] = (unsigned char)(0x80 | length);
    memcpy(frame + 6, packet, length);
    if (write(client->fd, frame, 6 + length) < 0 && errno != EAGAIN) fail_client(client);
}

/* Handles engine.io and socket.io packets that are not events: open, connect, ping. */
static void read_packet(struct client *client, const char *packet, size_t length) {
    if (packet[0] == '0') send_packet(client, "40");
    else if (packet[0] == '2') send_packet(client, "3");
    else if (length >= 2 && packet[0] == '4' && packet[1] == '0' && client->state == joining) now_streaming(client);
}

/* Reads complete WebSocket frames [RFC 6455 5.2]. Returns the number of bytes of an incomplete frame at the end. */
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
        if (check_bytes(&client->check, &load.counters, at + header, length, now) > 0) load.counters.corrupt++;
        at += header + length;
    }
    return (size_t)(end - at);
}

static void read_body(struct client *client, const char *at, const char *end) {
    uint64_t now = now_us(), before = client->check.last;
    if (load.ids && at + client->rest < end) store_ids(client, at + client->rest, end);
    size_t rest = load.socketio ? read_frames(client, at, end, now)
                                 : check_bytes(&client->check, &load.counters, at, (size_t)(end - at), now);
    if (client->state == closed) return;
    if (waiting.kind == reached && client->state == streaming) {
        uint64_t expected = expected_of(client);
        if (before < expected && client->check.last >= expected) waiting.behind--;
    }
    if (rest > rest_max) {
        load.counters.corrupt++;
        fail_client(client);
        return;
    }
    memcpy(client->store, end - rest, rest);
    client->rest = (uint16_t)rest;
}

void read_bytes_of(struct client *client, const char *at, const char *end) {
    if (client->state == head) at = read_head(client, at, end);
    if (client->state != closed && at < end) read_body(client, at, end);
}
