import { describe, expect, it } from "vitest";
import { encodeFields } from "../../../../src/fronts/http2/hpack/hpack-encoder.js";
import {
  encodeEnd,
  encodeHeaders,
  encodePing,
  encodeSettings,
} from "../../../../src/fronts/http2/wire/frames.js";
import {
  ConnectionFault,
  errorCode,
  flag,
  frameType,
  initialWindowBytes,
  settingId,
} from "../../../../src/fronts/http2/wire/protocol.js";
import { dataFrame, TestClient } from "./test-client.js";

const frameBytes = 10_000;
/** The hub gives back in batches of half of a window. */
const batchBytes = Math.floor(initialWindowBytes / 2);

function codeOf(action: () => void): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof ConnectionFault) return error.code;
    throw error;
  }
  return undefined;
}

/** The ways to send a part of a body that nobody reads, each with a stream of its own. */
const ways: readonly (readonly [string, (client: TestClient) => void])[] = [
  [
    "a body that nobody reads, of a request that the client resets",
    (client) => {
      const stream = client.begin();
      client.data(stream, frameBytes);
      client.reset(stream);
    },
  ],
  [
    "data after a reset of the hub",
    (client) => {
      const stream = client.begin();
      client.requests.at(-1)?.stream.cancel();
      client.data(stream, frameBytes);
    },
  ],
  [
    "data of a stream above the limit",
    (client) => {
      const open = [client.begin(), client.begin()];
      const refused = client.begin();
      client.data(refused, frameBytes);
      for (const stream of open) client.reset(stream);
    },
  ],
  // Bug: the bytes of the frame with the fault were lost for the connection. After some such requests, the client could
  // not send a body on any stream.
  [
    "data after the end of the request",
    (client) => {
      const stream = client.begin(undefined, true);
      client.data(stream, frameBytes);
    },
  ],
  [
    "more data than announced",
    (client) => {
      const stream = client.begin();
      client.requests.at(-1)?.stream.announce("9999");
      client.data(stream, frameBytes);
    },
  ],
  [
    "padding only",
    (client) => {
      const stream = client.begin();
      const payload = Buffer.alloc(256);
      payload[0] = 255;
      for (let sent = 0; sent < frameBytes; sent += 256) client.send(dataFrame(stream, payload, flag.padded));
      client.reset(stream);
    },
  ],
  [
    "a body that is read",
    (client) => {
      const stream = client.begin();
      let read = 0;
      client.requests
        .at(-1)
        ?.stream.readBody({ data: ({ length }) => (read += length), end: () => undefined });
      client.data(stream, frameBytes, { flags: flag.endStream });
      expect(read).toBe(frameBytes);
      client.reset(stream);
    },
  ],
  [
    "a body that is read late",
    (client) => {
      const stream = client.begin();
      client.data(stream, frameBytes);
      let read = 0;
      client.requests
        .at(-1)
        ?.stream.readBody({ data: ({ length }) => (read += length), end: () => undefined });
      expect(read).toBe(frameBytes);
      client.reset(stream);
    },
  ],
  [
    "a body that nobody reads, of a request that is answered",
    (client) => {
      const stream = client.begin();
      client.data(stream, frameBytes);
      client.requests.at(-1)?.stream.sendHead(200, [], { isEnd: true });
    },
  ],
];

describe("the window of the connection", () => {
  it.each(ways)("is whole again after %s", (_name, send) => {
    const client = new TestClient({ mostStreams: 2 });
    for (let round = 0; round < 40; round += 1) {
      send(client);
      client.read();
      expect(client.frames.streams.size).toBe(0);
      expect(client.window).toBeGreaterThan(initialWindowBytes - batchBytes);
      expect(client.window).toBeLessThanOrEqual(initialWindowBytes);
    }
  });

  it("ends the session if the client exceeds it", () => {
    const client = new TestClient();
    const streams = [client.begin(), client.begin()] as const;
    for (let sent = 0; sent < 60_000; sent += frameBytes) client.data(streams[0], frameBytes);
    client.data(streams[1], initialWindowBytes - 60_000);
    expect(codeOf(() => client.data(streams[1], 1))).toBe(errorCode.flowControlError);
  });
});

describe("the window of a stream", () => {
  it("is whole again when the body is read, and ends the stream if the client exceeds it", () => {
    const client = new TestClient();
    const stream = client.begin();
    client.requests.at(-1)?.stream.readBody({ data: () => undefined, end: () => undefined });
    let window = initialWindowBytes;
    for (let round = 0; round < 40; round += 1) {
      client.data(stream, frameBytes);
      window -= frameBytes;
      for (const frame of client.read())
        if (frame.type === frameType.windowUpdate && frame.stream === stream)
          window += frame.payload.readUInt32BE(0);
      expect(window).toBeGreaterThan(initialWindowBytes - batchBytes);
    }
    expect(client.frames.streams.size).toBe(1);
  });
});

describe("INITIAL_WINDOW_SIZE", () => {
  const windowSize = (bytes: number): readonly [number, number] => [settingId.initialWindowSize, bytes];

  it("changes the windows of open and of new streams, also below what is on its way", () => {
    const client = new TestClient();
    const first = client.begin(undefined, true);
    const stream = client.requests.at(-1)?.stream;
    stream?.sendHead(200, []);
    stream?.send(Buffer.alloc(100_000));
    client.read();
    expect(stream?.sentBytes).toBeGreaterThan(32_000);
    client.send(encodeSettings([windowSize(1000)]));
    expect(stream?.output.window.available).toBeLessThan(0);
    client.begin(undefined, true);
    expect(client.requests.at(-1)?.stream.output.window.available).toBe(1000);
    client.giveBack(0, 32_768);
    expect(client.read().filter(({ type }) => type === frameType.data)).toEqual([]);
    client.giveBack(first, 32_768);
    const data = client.read().filter(({ type }) => type === frameType.data);
    expect(data.map(({ payload }) => payload.length)).toEqual([1000]);
  });

  // Bug: each value of the frame changed the windows of all streams. A frame of 16 KiB with 2,730 values cost 700,000
  // changes with 256 streams, and 64 such frames stopped the event loop for a second.
  it("has its last value if one frame has many", () => {
    const client = new TestClient();
    client.begin(undefined, true);
    const { window } = client.requests.at(-1)?.stream.output ?? {};
    let changes = 0;
    const before = window?.resize.bind(window);
    if (window !== undefined && before !== undefined)
      window.resize = (difference) => {
        changes += 1;
        return before(difference);
      };
    client.send(encodeSettings(Array.from({ length: 2730 }, (_, at) => windowSize(at))));
    expect(window?.available).toBe(2729);
    expect(changes).toBe(1);
  });

  it("ends the session if a window becomes too large", () => {
    const client = new TestClient();
    const stream = client.begin();
    client.giveBack(stream, 1);
    expect(codeOf(() => client.send(encodeSettings([windowSize(2 ** 31 - 1)])))).toBe(
      errorCode.flowControlError,
    );
    expect(codeOf(() => client.send(encodeSettings([windowSize(2 ** 31)])))).toBe(errorCode.flowControlError);
  });
});

describe("a client that does not read", () => {
  // Bug: heads of responses without a body waited in memory without a limit.
  it("is disconnected when the heads of its responses fill the memory", () => {
    const client = new TestClient({
      request: ({ stream }) => stream.sendHead(404, [["x", "y".repeat(500)]], { isEnd: true }),
    });
    client.output.flush();
    const code = codeOf(() => {
      for (let count = 0; count < 10_000; count += 1) client.begin(undefined, true);
    });
    expect(code).toBe(errorCode.enhanceYourCalm);
    expect(client.output.frameBytes).toBeLessThan(512 * 1024);
  });

  it("may leave the heads of all its streams unread, and then send a ping", () => {
    const client = new TestClient({
      request: ({ stream }) => stream.sendHead(404, [["x", "y".repeat(500)]], { isEnd: true }),
    });
    client.output.flush();
    for (let count = 0; count < 256; count += 1) client.begin(undefined, true);
    client.send(encodePing(Buffer.alloc(8), false));
    expect(client.read().filter(({ type }) => type === frameType.ping)).toHaveLength(1);
  });

  it("is disconnected when answers to its pings fill the memory", () => {
    const client = new TestClient({ mostStreams: 1 });
    client.output.flush();
    const code = codeOf(() => {
      for (let count = 0; count < 9000; count += 1) client.send(encodePing(Buffer.alloc(8), false));
    });
    expect(code).toBe(errorCode.enhanceYourCalm);
  });
});

describe("fields of a stream that the hub has reset", () => {
  it("are dropped, but only so many", () => {
    // Bug: header blocks of a stream that the hub had reset cost work, and had no limit.
    const client = new TestClient();
    const stream = client.begin();
    client.requests.at(-1)?.stream.cancel();
    const trailers = encodeHeaders(stream, encodeFields([["a", "b"]]), true);
    client.send(trailers);
    expect(client.requests).toHaveLength(1);
    const code = codeOf(() => {
      for (let count = 0; count < 10_001; count += 1) client.send(trailers);
    });
    expect(code).toBe(errorCode.enhanceYourCalm);
  });

  it("end the session if the client has ended the stream before", () => {
    const client = new TestClient();
    const stream = client.begin();
    client.reset(stream);
    const trailers = encodeHeaders(stream, encodeFields([["a", "b"]]), true);
    expect(codeOf(() => client.send(trailers))).toBe(errorCode.streamClosed);
  });
});

describe("a request", () => {
  it("ends with its last frame of data, with an empty one, or with trailers", () => {
    for (const end of [
      (id: number) => dataFrame(id, Buffer.from("z"), flag.endStream),
      (id: number) => encodeEnd(id),
      (id: number) => encodeHeaders(id, encodeFields([["a", "b"]]), true),
    ]) {
      const client = new TestClient();
      const id = client.begin();
      const stream = client.requests.at(-1)?.stream;
      expect(stream?.hasRequest).toBe(false);
      client.send(end(id));
      expect(stream?.hasRequest).toBe(true);
      expect(client.frames.streams.size).toBe(1);
    }
  });

  it("is reset if it ends with another length than announced", () => {
    for (const [announced, sent] of [
      ["5", 4],
      ["0", 1],
      ["x", 0],
      ["+3", 3],
      ["", 0],
    ] as const) {
      const client = new TestClient({ request: ({ stream }) => stream.announce(announced) });
      const id = client.begin();
      if (client.frames.streams.size > 0) client.data(id, sent, { flags: flag.endStream });
      expect(client.frames.streams.size).toBe(0);
      const resets = client.read().filter(({ type }) => type === frameType.rstStream);
      expect(resets.map(({ payload }) => payload.readUInt32BE(0))).toEqual([errorCode.protocolError]);
    }
  });

  it("is reset without an error if its response ends first", () => {
    const client = new TestClient();
    const id = client.begin();
    const stream = client.requests.at(-1)?.stream;
    stream?.sendHead(413, []);
    stream?.send(Buffer.from("too large"));
    stream?.end();
    const frames = client.read().filter((frame) => frame.stream === id);
    expect(frames.map(({ type, flags }) => [type, flags])).toEqual([
      [frameType.headers, flag.endHeaders],
      [frameType.data, flag.endStream],
      [frameType.rstStream, 0],
    ]);
    expect(frames.at(-1)?.payload.readUInt32BE(0)).toBe(errorCode.noError);
    expect(stream?.isAnswered).toBe(true);
    expect(stream?.lifetime.isOver).toBe(true);
  });

  it("ends with its response: in the last frame of data, or in a frame of its own if all data was sent", () => {
    for (const isLate of [false, true]) {
      const client = new TestClient();
      client.begin(undefined, true);
      const stream = client.requests.at(-1)?.stream;
      stream?.sendInterim(100);
      stream?.sendHead(200, []);
      stream?.send(Buffer.from("abc"));
      const before = isLate ? client.read() : [];
      stream?.end();
      stream?.end();
      const frames = [...before, ...client.read()].filter(({ stream: id }) => id === 1);
      expect(frames.map(({ type, flags }) => [type, flags])).toEqual([
        [frameType.headers, flag.endHeaders],
        [frameType.headers, flag.endHeaders],
        ...(isLate ? [[frameType.data, 0]] : []),
        [frameType.data, flag.endStream],
      ]);
      expect(client.frames.streams.size).toBe(0);
      expect(stream?.isAnswered).toBe(true);
    }
  });

  it("is not answered while its last bytes wait for the client", () => {
    const client = new TestClient();
    const id = client.begin(undefined, true);
    const stream = client.requests.at(-1)?.stream;
    stream?.sendHead(200, []);
    stream?.send(Buffer.alloc(40_000));
    stream?.end();
    client.read();
    expect(stream?.isAnswered).toBe(false);
    client.giveBack(0, 32_768);
    client.giveBack(id, 32_768);
    expect(client.read().at(-1)?.flags).toBe(flag.endStream);
    expect(stream?.isAnswered).toBe(true);
    expect(client.frames.streams.size).toBe(0);
  });
});
