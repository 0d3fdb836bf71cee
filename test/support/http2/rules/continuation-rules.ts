import { expect } from "vitest";
import { continuation, dataFrame, encodeFrame, headersFrame, ping, settingsFrame, types } from "../frames.js";
import { connectionError, nextRequest, openRequest, works, type Rule } from "./rule.js";

/** Rules of CONTINUATION. */
export const continuationRules: readonly Rule[] = [
  {
    section: "6.10",
    name: "a header block in several CONTINUATION frames is accepted",
    reaction: works,
    run: async (client) => {
      const { stream, block } = nextRequest(client);
      const rest = [...block.subarray(1, 5)].map((byte) =>
        continuation(stream.id, Buffer.of(byte), { endHeaders: false }),
      );
      client.send(
        headersFrame(stream.id, block.subarray(0, 1), { endHeaders: false }),
        ...rest,
        continuation(stream.id, block.subarray(5)),
      );
      await client.until(() => stream.ended, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "6.10",
    name: "CONTINUATION without HEADERS ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(continuation(1, Buffer.alloc(0))),
  },
  {
    section: "6.10",
    name: "CONTINUATION on stream 0 ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const { stream, block } = nextRequest(client);
      client.send(headersFrame(stream.id, block, { endHeaders: false }), continuation(0, Buffer.alloc(0)));
    },
  },
  {
    section: "6.10",
    name: "CONTINUATION after the end of the header block ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      client.send(continuation(stream.id, Buffer.alloc(0)));
    },
  },
  ...(
    [
      ["CONTINUATION of another stream", (block: Buffer) => continuation(3, block)],
      ["HEADERS of another stream", (block: Buffer) => headersFrame(3, block)],
      ["PRIORITY", () => encodeFrame({ type: types.priority, stream: 1, payload: Buffer.alloc(5) })],
      ["DATA", () => dataFrame(1, "x")],
      ["PING", () => ping()],
      ["SETTINGS", () => settingsFrame()],
      ["a frame of an unknown type", () => encodeFrame({ type: 99, stream: 1 })],
    ] as const
  ).map(([name, frame]): Rule => ({
    section: "6.10",
    name: `${name} between HEADERS and CONTINUATION ends the connection`,
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => {
      const { stream, block } = nextRequest(client);
      client.send(headersFrame(stream.id, block, { endHeaders: false }), frame(block));
    },
  })),
];
