import { expect } from "vitest";
import {
  encodeFrame,
  flags,
  headersFrame,
  largestWindow,
  settingIds,
  settingsFrame,
  types,
  windowUpdate,
} from "../frames.js";
import type { RawHttp2 } from "../raw-client.js";
import type { RawStream } from "../raw-stream.js";
import { blockOf, connectionError, longPath, shortPath, streamError, works, type Rule } from "./rule.js";

const { enablePush, initialWindowSize, maxFrameSize, headerTableSize } = settingIds;

function acksOfSettings(client: RawHttp2): number {
  return client.frames.filter(({ type, flags: bits }) => type === types.settings && bits === flags.ack)
    .length;
}

/** Sends SETTINGS, and waits until the server has acknowledged them. */
async function set(client: RawHttp2, ...pairs: readonly (readonly [number, number])[]): Promise<void> {
  const before = acksOfSettings(client);
  client.send(settingsFrame(pairs));
  await client.until(() => acksOfSettings(client) > before, "the acknowledgement of SETTINGS");
}

/** Requests a short answer whose stream begins with this window. */
async function withWindow(client: RawHttp2, bytes: number): Promise<RawStream> {
  await set(client, [initialWindowSize, bytes]);
  const stream = client.request(shortPath);
  client.hold(stream);
  await client.until(() => stream.head !== undefined, "the head");
  await client.settled();
  return stream;
}

const wrongSettings: readonly (readonly [
  name: string,
  pair: readonly [number, number],
  error: "PROTOCOL_ERROR" | "FLOW_CONTROL_ERROR",
])[] = [
  ["SETTINGS_ENABLE_PUSH of 2", [enablePush, 2], "PROTOCOL_ERROR"],
  ["SETTINGS_INITIAL_WINDOW_SIZE of 2^31", [initialWindowSize, 2 ** 31], "FLOW_CONTROL_ERROR"],
  ["SETTINGS_MAX_FRAME_SIZE of 16,383", [maxFrameSize, 16_383], "PROTOCOL_ERROR"],
  ["SETTINGS_MAX_FRAME_SIZE of 2^24", [maxFrameSize, 2 ** 24], "PROTOCOL_ERROR"],
];

/** Rules of SETTINGS, WINDOW_UPDATE, and the windows. */
export const settingsRules: readonly Rule[] = [
  {
    section: "6.5",
    name: "SETTINGS are acknowledged",
    reaction: works,
    run: (client) => set(client),
  },
  {
    section: "6.5",
    name: "SETTINGS with ACK and a payload end the connection",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) =>
      client.send(encodeFrame({ type: types.settings, flags: flags.ack, payload: Buffer.alloc(6) })),
  },
  {
    section: "6.5",
    name: "SETTINGS on a stream end the connection",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.settings, stream: 1 })),
  },
  {
    section: "6.5",
    name: "SETTINGS of 5 bytes end the connection",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.settings, payload: Buffer.alloc(5) })),
  },
  ...wrongSettings.map(([name, pair, error]): Rule => ({
    section: "6.5.2",
    name: `${name} ends the connection`,
    reaction: connectionError(error),
    run: (client) => client.send(settingsFrame([pair])),
  })),
  {
    section: "6.5.2",
    name: "an unknown setting is ignored",
    reaction: works,
    run: (client) => set(client, [0xff, 1], [0xfffe, 2 ** 32 - 1]),
  },
  {
    section: "6.5.3",
    name: "of several values of a setting the last one counts",
    reaction: works,
    run: async (client) => {
      await set(client, [initialWindowSize, 100], [initialWindowSize, 1]);
      const stream = client.request(shortPath);
      client.hold(stream);
      await client.until(() => stream.received > 0, "DATA");
      await client.settled();
      expect(stream.dataLengths).toEqual([1]);
      await set(client, [initialWindowSize, 65_535]);
      await client.until(() => stream.ended, "the end");
    },
  },
  {
    section: "6.5.2",
    name: "a header table of no bytes is accepted",
    reaction: works,
    run: (client) => set(client, [headerTableSize, 0]),
  },
  {
    section: "6.5.2",
    name: "the server keeps to SETTINGS_MAX_FRAME_SIZE",
    reaction: works,
    run: async (client) => {
      await set(client, [maxFrameSize, 16_384], [initialWindowSize, 2 ** 20]);
      client.send(windowUpdate(0, 2 ** 20));
      const stream = await client.exchange("/pharos-client.js");
      expect(stream.status).toBe(200);
      expect(Math.max(...stream.dataLengths)).toBeLessThanOrEqual(16_384);
    },
  },
  {
    section: "6.9",
    name: "WINDOW_UPDATE of 0 bytes for the connection ends it",
    reaction: connectionError("PROTOCOL_ERROR"),
    run: (client) => client.send(windowUpdate(0, 0)),
  },
  {
    section: "6.9",
    name: "WINDOW_UPDATE of 0 bytes for a stream is an error",
    reaction: streamError("PROTOCOL_ERROR"),
    run: async (client) => {
      const stream = await client.openStream(longPath);
      client.send(windowUpdate(stream.id, 0));
      return stream;
    },
  },
  {
    section: "6.9",
    name: "WINDOW_UPDATE of 3 bytes ends the connection",
    reaction: connectionError("FRAME_SIZE_ERROR"),
    run: (client) => client.send(encodeFrame({ type: types.windowUpdate, payload: Buffer.alloc(3) })),
  },
  {
    section: "6.9.1",
    name: "a window of the connection above 2^31-1 ends it",
    reaction: connectionError("FLOW_CONTROL_ERROR"),
    run: (client) => client.send(windowUpdate(0, largestWindow)),
  },
  {
    section: "6.9.1",
    name: "a window of a stream above 2^31-1 is an error",
    reaction: streamError("FLOW_CONTROL_ERROR"),
    run: async (client) => {
      const stream = await client.openStream(longPath);
      client.send(windowUpdate(stream.id, largestWindow));
      return stream;
    },
  },
  {
    section: "6.9.1",
    name: "a window of exactly 2^31-1 is accepted",
    reaction: works,
    run: async (client) => {
      await client.settled();
      client.send(windowUpdate(0, largestWindow - 65_535));
      await client.settled();
    },
  },
  {
    section: "6.9.1",
    name: "the server sends no more than the window of the stream, and the rest byte by byte",
    reaction: works,
    run: async (client) => {
      const stream = await withWindow(client, 1);
      expect(stream.dataLengths).toEqual([1]);
      for (let bytes = 2; bytes < 6; bytes += 1) {
        client.send(windowUpdate(stream.id, 1));
        await client.until(() => stream.received === bytes, `byte ${bytes}`);
      }
      await client.settled();
      expect(stream.received).toBe(5);
      client.send(windowUpdate(stream.id, 1000));
      await client.until(() => stream.ended, "the end");
      expect(JSON.parse(stream.text)).toMatchObject({ status: "ok" });
      await set(client, [initialWindowSize, 65_535]);
    },
  },
  {
    section: "6.9.2",
    name: "a larger SETTINGS_INITIAL_WINDOW_SIZE lets waiting streams go on",
    reaction: works,
    run: async (client) => {
      const stream = await withWindow(client, 0);
      expect(stream.received).toBe(0);
      await set(client, [initialWindowSize, 2]);
      await client.until(() => stream.received === 2, "two bytes");
      await client.settled();
      expect(stream.received).toBe(2);
      await set(client, [initialWindowSize, 65_535]);
      await client.until(() => stream.ended, "the end");
    },
  },
  {
    section: "6.9.2",
    name: "a smaller SETTINGS_INITIAL_WINDOW_SIZE makes a window negative",
    reaction: works,
    run: async (client) => {
      const stream = await withWindow(client, 3);
      await set(client, [initialWindowSize, 1]);
      client.send(windowUpdate(stream.id, 2));
      await client.settled();
      expect(stream.received).toBe(3);
      client.send(windowUpdate(stream.id, 1));
      await client.until(() => stream.received === 4, "the fourth byte");
      await client.settled();
      expect(stream.received).toBe(4);
      client.send(windowUpdate(stream.id, 1000));
      await client.until(() => stream.ended, "the end");
      await set(client, [initialWindowSize, 65_535]);
    },
  },
  {
    section: "6.9.2",
    name: "SETTINGS_INITIAL_WINDOW_SIZE that makes the window of a stream too large ends the connection",
    reaction: connectionError("FLOW_CONTROL_ERROR"),
    run: async (client) => {
      const stream = await client.openStream(longPath);
      client.send(
        windowUpdate(stream.id, largestWindow - 65_535),
        settingsFrame([[initialWindowSize, largestWindow]]),
      );
    },
  },
  {
    section: "6.9.2",
    name: "SETTINGS_INITIAL_WINDOW_SIZE does not change the window of the connection",
    reaction: works,
    run: async (client) => {
      await set(client, [initialWindowSize, 2 ** 20]);
      const stream = client.expect(client.nextStream);
      client.hold(stream);
      client.send(headersFrame(stream.id, blockOf("/pharos-client.js")));
      await client.until(() => stream.received > 0, "DATA");
      await client.settled();
      expect(stream.received).toBeLessThanOrEqual(65_535);
      client.read(stream);
      await client.until(() => stream.ended, "the end");
    },
  },
];
