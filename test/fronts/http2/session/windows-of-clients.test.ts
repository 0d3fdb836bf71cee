import { describe, expect, it } from "vitest";
import { atHalf, beyondHalf, ReadingClient } from "./reading-client.js";
import type { ReadingClientOptions } from "./reading-client.js";

const KiB = 1024;
const MiB = 1024 * KiB;

const nghttp2: ReadingClientOptions = { streamBytes: 65_535, connectionBytes: 65_535, givesBack: atHalf };
const chromium: ReadingClientOptions = {
  streamBytes: 6 * MiB,
  connectionBytes: 15 * MiB,
  givesBack: beyondHalf,
};

/** The bytes that each stream has to get: more than the window of the connection. */
function enoughFor({ connectionBytes }: ReadingClientOptions): number {
  return MiB * Math.ceil(2 + connectionBytes / MiB);
}

/** Writes to all streams, in pieces, and returns how much each has got. */
function load(client: ReadingClient, unread: number, enough: number): readonly number[] {
  for (const stream of client.streams.slice(0, unread)) client.write(stream, enough);
  client.settle();
  for (const stream of client.streams.slice(unread))
    for (let written = 0; written < enough; written += MiB) client.write(stream, MiB);
  client.settle();
  return client.streams.map(({ id }) => client.got.get(id) ?? 0);
}

describe("a client that gives back what it reads in batches of half a window", () => {
  it.each<[string, ReadingClientOptions]>([
    ["nghttp2's windows", nghttp2],
    ["windows of 65,535 bytes, and beyond half", { ...nghttp2, givesBack: beyondHalf }],
    ["Chromium's windows", chromium],
    ["small windows of streams", { ...nghttp2, streamBytes: 1000 }],
    // Bug: the hub counted all bytes that the client had not given back on the stream against the window of the
    // connection. So a stream got half of the connection's window, and then nothing any more.
    ["streams with larger windows than the connection", { ...nghttp2, streamBytes: MiB }],
    ["the largest windows of streams", { ...nghttp2, streamBytes: 2 ** 31 - 1, givesBack: beyondHalf }],
  ])("gets everything on one and on many streams: %s", (_name, options) => {
    for (const streams of [1, 2, 9]) {
      const client = new ReadingClient(streams, 0, options);
      const enough = enoughFor(options);
      expect(load(client, 0, enough)).toEqual(client.streams.map(() => enough));
    }
  });

  it.each<[string, number, ReadingClientOptions]>([
    ["windows of 65,535 bytes: one", 1, nghttp2],
    ["Chromium's windows: one", 1, chromium],
    ["Chromium's windows: two", 2, chromium],
  ])("gets everything on the others if it does not read some streams: %s", (_name, unread, options) => {
    for (const readable of [1, 2, 9]) {
      const client = new ReadingClient(unread + readable, unread, options);
      const enough = enoughFor(options);
      const got = load(client, unread, enough);
      expect(got.slice(unread)).toEqual(Array.from({ length: readable }, () => enough));
      const most = Math.floor(Math.min(options.streamBytes, options.connectionBytes) / 2) + 1;
      expect(got.slice(0, unread)).toEqual(Array.from({ length: unread }, () => most));
      expect(client.output.isBlocked).toBe(false);
    }
  });

  it.each<[string, number, ReadingClientOptions]>([
    ["windows of 65,535 bytes: two", 2, nghttp2],
    ["Chromium's windows: three", 3, chromium],
  ])(
    "is blocked if it does not read more streams than that, until they end: %s",
    (_name, unread, options) => {
      const client = new ReadingClient(unread + 1, unread, options);
      const enough = enoughFor(options);
      expect(load(client, unread, enough).at(-1)).toBeLessThan(enough);
      // The hub closes such a session after some time.
      expect(client.output.isBlocked).toBe(true);
      const { dataBytes } = client.output;
      client.settle();
      expect(client.output.dataBytes).toBe(dataBytes);
      for (const stream of client.streams) {
        stream.close();
        client.output.remove(stream);
      }
      expect(client.output.isBlocked).toBe(false);
    },
  );
});
