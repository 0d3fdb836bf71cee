import { expect } from "vitest";
import {
  continuation,
  dataFrame,
  defaultFrameBytes,
  encodeFrame,
  flags,
  goaway,
  headersFrame,
  ping,
  settingIds,
  types,
} from "../frames.js";
import type { RawHttp2 } from "../raw-client.js";
import { blockOf, connectionError, nextRequest, openRequest, streamError, works, type Rule } from "./rule.js";

/** The largest payload that the server accepts. */
function frameBytes(client: RawHttp2): number {
  return client.settings.get(settingIds.maxFrameSize) ?? defaultFrameBytes;
}

/** The numbers of PING frames with ACK that carry this payload. */
function acks(client: RawHttp2, payload: string): number {
  return client.frames.filter(
    (frame) => frame.type === types.ping && frame.flags === flags.ack && frame.payload.toString() === payload,
  ).length;
}

const four = Buffer.alloc(4);

/** Rules of single frames, except SETTINGS and WINDOW_UPDATE. */
export const frameRules: readonly Rule[] = [
  {
    section: "4.1",
    name: "a frame of an unknown type is ignored",
    reaction: works,
    run: (client) => client.send(encodeFrame({ type: 0x16, stream: 0, payload: Buffer.alloc(8) })),
  },
  {
    section: "4.1",
    name: "a frame of an unknown type on an idle stream is ignored",
    reaction: works,
    run: (client) => client.send(encodeFrame({ type: 0xff, flags: 255, stream: 999, payload: four })),
  },
  {
    section: "4.1",
    name: "flags without a meaning are ignored",
    reaction: works,
    run: async (client) => {
      client.send(encodeFrame({ type: types.ping, flags: 0xfe, payload: Buffer.from("flagged!") }));
      await client.until(() => acks(client, "flagged!") === 1, "the answer to PING");
    },
  },
  {
    section: "4.1",
    name: "the reserved bit of a stream identifier is ignored",
    reaction: works,
    run: async (client) => {
      const { stream, block } = nextRequest(client);
      client.send(headersFrame(2 ** 31 + stream.id, block));
      await client.until(() => stream.ended, "the answer");
    },
  },
  {
    section: "4.2",
    name: "DATA of the largest size is accepted",
    reaction: works,
    run: async (client) => {
      const stream = openRequest(client);
      client.send(dataFrame(stream.id, Buffer.alloc(defaultFrameBytes, 65), { endStream: true }));
      await client.until(() => stream.isOver, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "4.2",
    name: "DATA beyond the largest size is an error",
    reaction: streamError("FRAME_SIZE_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      client.send(dataFrame(stream.id, Buffer.alloc(frameBytes(client) + 1)));
    },
  },
  {
    section: "4.2",
    name: "HEADERS beyond the largest size end the connection",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => client.send(headersFrame(1, Buffer.alloc(frameBytes(client) + 1))),
  },
  {
    section: "4.2",
    name: "an unknown frame of the longest length ends the connection before its payload",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => client.send(encodeFrame({ type: 0x33, length: 2 ** 24 - 1 })),
  },
  {
    section: "5.5",
    name: "a frame of an unknown type inside a header block ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const { stream, block } = nextRequest(client);
      client.send(
        headersFrame(stream.id, block.subarray(0, 9), { endHeaders: false }),
        encodeFrame({ type: 0x16, stream: stream.id }),
        continuation(stream.id, block.subarray(9)),
      );
    },
  },
  {
    section: "6.1",
    name: "DATA on stream 0 ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(dataFrame(0, "test")),
  },
  {
    section: "6.1",
    name: "the padding of DATA is no part of the body",
    reaction: works,
    run: async (client) => {
      const reader = await client.openStream("/esupdates?topic=rules/padding");
      const stream = client.expect(client.nextStream);
      const block = blockOf("/publish/rules/padding", {
        method: "POST",
        headers: { "content-length": "3", "content-type": "text/plain" },
      });
      client.send(
        headersFrame(stream.id, block, { endStream: false }),
        encodeFrame({
          type: types.data,
          stream: stream.id,
          flags: flags.padded | flags.endStream,
          payload: Buffer.concat([Buffer.of(5), Buffer.from("abc"), Buffer.alloc(5)]),
        }),
      );
      await client.untilEvent(reader, "abc");
    },
  },
  ...[5, 6, 255].map((padding): Rule => ({
    section: "6.1",
    name: `DATA of 5 bytes with ${padding} bytes of padding end the connection`,
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      const payload = Buffer.concat([Buffer.of(padding), four]);
      client.send(encodeFrame({ type: types.data, stream: stream.id, flags: flags.padded, payload }));
    },
  })),
  {
    section: "6.1",
    name: "padded DATA without a length of the padding end the connection",
    reaction: connectionError("PROTOCOL_ERROR", "FRAME_SIZE_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      client.send(encodeFrame({ type: types.data, stream: stream.id, flags: flags.padded }));
    },
  },
  {
    section: "6.2",
    name: "HEADERS on stream 0 end the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(headersFrame(0, nextRequest(client).block)),
  },
  {
    section: "6.2",
    name: "HEADERS with padding and a priority are accepted",
    reaction: works,
    run: async (client) => {
      const { stream, block } = nextRequest(client);
      client.send(
        encodeFrame({
          type: types.headers,
          stream: stream.id,
          flags: flags.endHeaders | flags.endStream | flags.padded | flags.priority,
          payload: Buffer.concat([Buffer.of(7), Buffer.alloc(5), block, Buffer.alloc(7)]),
        }),
      );
      await client.until(() => stream.ended, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "6.2",
    name: "HEADERS with more padding than payload end the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const { stream, block } = nextRequest(client);
      client.send(
        encodeFrame({
          type: types.headers,
          stream: stream.id,
          flags: flags.endHeaders | flags.endStream | flags.padded,
          payload: Buffer.concat([Buffer.of(block.length + 1), block]),
        }),
      );
    },
  },
  {
    section: "6.2",
    name: "HEADERS too short for their priority end the connection",
    reaction: connectionError("FRAME_SIZE_ERROR", "PROTOCOL_ERROR"),
    run: (client) =>
      client.send(
        encodeFrame({
          type: types.headers,
          stream: 1,
          flags: flags.endHeaders | flags.endStream | flags.priority,
          payload: four,
        }),
      ),
  },
  {
    section: "6.3",
    name: "PRIORITY on an idle stream is ignored",
    reaction: works,
    run: (client) => client.send(encodeFrame({ type: types.priority, stream: 77, payload: Buffer.alloc(5) })),
  },
  {
    section: "6.3",
    name: "PRIORITY on stream 0 ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.priority, stream: 0, payload: Buffer.alloc(5) })),
  },
  {
    section: "6.3",
    name: "PRIORITY of another length is an error",
    reaction: streamError("FRAME_SIZE_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      client.send(encodeFrame({ type: types.priority, stream: stream.id, payload: four }));
    },
  },
  {
    section: "6.4",
    name: "RST_STREAM on stream 0 ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.rstStream, stream: 0, payload: four })),
  },
  {
    section: "6.4",
    name: "RST_STREAM of another length ends the connection",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      client.send(encodeFrame({ type: types.rstStream, stream: stream.id, payload: Buffer.alloc(3) }));
    },
  },
  {
    section: "6.6",
    name: "PUSH_PROMISE of a client ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const payload = Buffer.concat([Buffer.of(0, 0, 0, 2), nextRequest(client).block]);
      client.send(encodeFrame({ type: types.pushPromise, flags: flags.endHeaders, stream: 1, payload }));
    },
  },
  {
    section: "6.7",
    name: "PING is answered with its payload",
    reaction: works,
    run: async (client) => {
      client.send(ping(Buffer.from("payload!")));
      await client.until(() => acks(client, "payload!") === 1, "the answer to PING");
    },
  },
  {
    section: "6.7",
    name: "PING with ACK is not answered",
    reaction: works,
    run: async (client) => {
      client.send(ping(Buffer.from("unasked!"), { ack: true }));
      await client.settled();
      expect(acks(client, "unasked!")).toBe(0);
    },
  },
  {
    section: "6.7",
    name: "PING on a stream ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.ping, stream: 1, payload: Buffer.alloc(8) })),
  },
  ...[0, 7, 9].map((length): Rule => ({
    section: "6.7",
    name: `PING of ${length} bytes ends the connection`,
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => client.send(ping(Buffer.alloc(length))),
  })),
  {
    section: "6.8",
    name: "GOAWAY on a stream ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.goaway, stream: 1, payload: Buffer.alloc(8) })),
  },
  {
    section: "6.8",
    name: "GOAWAY of less than 8 bytes ends the connection",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.goaway, payload: Buffer.alloc(7) })),
  },
  {
    section: "6.8",
    name: "GOAWAY lets the requests before it be answered, and the connection then ends",
    reaction: connectionError("NO_ERROR"),
    run: async (client) => {
      const stream = openRequest(client);
      client.send(goaway(0), dataFrame(stream.id, "late", { endStream: true }));
      await client.until(() => stream.ended, "the answer");
      expect(stream.status).toBe(200);
    },
  },
];
