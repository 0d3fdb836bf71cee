import { expect } from "vitest";
import {
  continuation,
  dataFrame,
  encodeFrame,
  headersFrame,
  rstStream,
  settingIds,
  types,
  windowUpdate,
} from "../frames.js";
import type { RawHttp2 } from "../raw-client.js";
import type { RawStream } from "../raw-stream.js";
import {
  blockOf,
  connectionError,
  longPath,
  nextRequest,
  openRequest,
  shortPath,
  streamError,
  works,
  type Rule,
} from "./rule.js";

const priority = (stream: number): Buffer =>
  encodeFrame({ type: types.priority, stream, payload: Buffer.alloc(5) });

/** A stream that the client has ended, and whose response has ended. */
async function closedStream(client: RawHttp2): Promise<RawStream> {
  return client.exchange(shortPath);
}

/** A stream that the client has reset. */
async function resetStream(client: RawHttp2): Promise<RawStream> {
  const stream = await client.openStream(longPath);
  client.send(rstStream(stream.id));
  await client.settled();
  return stream;
}

/** Rules of the states and the identifiers of streams. */
export const streamRules: readonly Rule[] = [
  ...(
    [
      ["DATA", dataFrame(1, "x")],
      ["RST_STREAM", rstStream(1)],
      ["WINDOW_UPDATE", windowUpdate(1, 100)],
      ["CONTINUATION", continuation(1, Buffer.alloc(0))],
    ] as const
  ).map(([name, frame]): Rule => ({
    section: "5.1",
    name: `${name} on an idle stream ends the connection`,
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(frame),
  })),
  {
    section: "5.1",
    name: "DATA after END_STREAM are an error",
    reaction: streamError("STREAM_CLOSED"),
    run: async (client) => {
      const stream = await client.openStream(longPath);
      client.send(dataFrame(stream.id, "x"));
      return stream;
    },
  },
  {
    section: "5.1",
    name: "HEADERS after END_STREAM are an error",
    reaction: streamError("STREAM_CLOSED"),
    run: async (client) => {
      const stream = await client.openStream(longPath);
      client.send(headersFrame(stream.id, blockOf(shortPath)));
      return stream;
    },
  },
  {
    section: "5.1",
    name: "WINDOW_UPDATE, PRIORITY and RST_STREAM after END_STREAM are accepted",
    reaction: works,
    run: async (client) => {
      const stream = await client.openStream(longPath);
      client.send(windowUpdate(stream.id, 1), priority(stream.id), rstStream(stream.id));
      await client.settled();
    },
  },
  {
    section: "5.1",
    name: "WINDOW_UPDATE, PRIORITY and RST_STREAM on a closed stream are ignored",
    reaction: works,
    run: async (client) => {
      const { id } = await closedStream(client);
      client.send(windowUpdate(id, 1), priority(id), rstStream(id));
      await client.settled();
    },
  },
  {
    section: "5.1",
    name: "DATA on a closed stream are an error",
    reaction: streamError("STREAM_CLOSED"),
    run: async (client) => {
      const stream = await closedStream(client);
      const answer = client.expect(stream.id);
      client.send(dataFrame(stream.id, "x"));
      return answer;
    },
  },
  {
    section: "5.1",
    name: "HEADERS on a closed stream are an error",
    reaction: streamError("STREAM_CLOSED", "PROTOCOL_ERROR"),
    run: async (client) => {
      const stream = await closedStream(client);
      const answer = client.expect(stream.id);
      client.send(headersFrame(stream.id, blockOf(shortPath)));
      return answer;
    },
  },
  {
    section: "5.1",
    name: "DATA on a stream that the client has reset are an error",
    reaction: streamError("STREAM_CLOSED"),
    run: async (client) => {
      const stream = await resetStream(client);
      client.send(dataFrame(stream.id, "x"));
      return stream;
    },
  },
  {
    section: "5.1",
    name: "HEADERS on a stream that the client has reset are an error",
    reaction: streamError("STREAM_CLOSED", "PROTOCOL_ERROR"),
    run: async (client) => {
      const stream = await resetStream(client);
      client.send(headersFrame(stream.id, blockOf(shortPath)));
      return stream;
    },
  },
  {
    section: "5.1",
    name: "DATA, WINDOW_UPDATE and RST_STREAM that were on their way when the server reset the stream are ignored",
    reaction: works,
    run: async (client) => {
      const stream = openRequest(client);
      // The server resets the stream at the first frame, and the client has sent the others before it knows.
      client.send(
        windowUpdate(stream.id, 2 ** 31 - 1),
        dataFrame(stream.id, "on their way"),
        windowUpdate(stream.id, 5),
        rstStream(stream.id),
      );
      await client.until(() => stream.reset !== undefined, "RST_STREAM");
      expect(stream.reset).toBe("FLOW_CONTROL_ERROR");
      await client.settled();
    },
  },
  {
    section: "5.1.1",
    name: "a stream with an even identifier ends the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(headersFrame(2, blockOf(shortPath))),
  },
  {
    section: "5.1.1",
    name: "a stream with a lower identifier than the last one ends the connection",
    reaction: connectionError("PROTOCOL_ERROR", "STREAM_CLOSED"),
    run: async (client) => {
      const stream = client.expect(7);
      client.send(headersFrame(7, blockOf(shortPath)));
      await client.until(() => stream.ended, "the answer");
      client.send(headersFrame(5, blockOf(shortPath)));
    },
  },
  {
    section: "5.1.1",
    name: "identifiers may be left out",
    reaction: works,
    run: async (client) => {
      const stream = client.expect(1001);
      client.send(headersFrame(1001, blockOf(shortPath)));
      await client.until(() => stream.ended, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "5.1.1",
    name: "DATA on an identifier that was left out are an error",
    reaction: streamError("PROTOCOL_ERROR", "STREAM_CLOSED"),
    run: async (client) => {
      const stream = client.expect(9);
      client.send(headersFrame(9, blockOf(shortPath)));
      await client.until(() => stream.ended, "the answer");
      const skipped = client.expect(3);
      client.send(dataFrame(3, "x"));
      return skipped;
    },
  },
  {
    section: "5.1.2",
    name: "a stream above SETTINGS_MAX_CONCURRENT_STREAMS is refused, and one more is accepted after another has ended",
    reaction: works,
    run: async (client) => {
      const most = client.settings.get(settingIds.maxConcurrentStreams) ?? 0;
      expect(most).toBeGreaterThanOrEqual(100);
      const open = Array.from({ length: most }, () => openRequest(client));
      await client.settled();
      expect(open.filter((stream) => stream.isOver)).toEqual([]);
      const { stream, block } = nextRequest(client);
      client.send(headersFrame(stream.id, block));
      await client.until(() => stream.isOver, "RST_STREAM");
      expect(stream.reset).toBe("REFUSED_STREAM");
      client.send(rstStream(open[0]!.id));
      expect((await client.exchange(shortPath)).status).toBe(200);
      client.send(...open.slice(1).map(({ id }) => rstStream(id)));
      await client.settled();
    },
  },
  {
    section: "5.3",
    name: "a stream may depend on itself",
    reaction: works,
    run: async (client) => {
      const stream = await client.openStream(longPath);
      const payload = Buffer.alloc(5);
      payload.writeUInt32BE(stream.id);
      client.send(encodeFrame({ type: types.priority, stream: stream.id, payload }));
      await client.settled();
    },
  },
  {
    section: "5.4",
    name: "the number of the last stream in GOAWAY is that of the last request",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: async (client) => {
      await client.exchange(shortPath);
      const stream = await client.exchange(shortPath);
      client.send(dataFrame(0, "x"));
      await client.untilClosed();
      expect(client.farewell?.lastStream).toBe(stream.id);
    },
  },
];
