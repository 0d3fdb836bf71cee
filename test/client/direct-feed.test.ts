import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import type { Feed } from "../../src/client/connection/feed.js";
import { Tokens } from "../../src/client/connection/tokens.js";
import { directFeed } from "../../src/client/direct-feed.js";
import type { ConnectionState } from "../../src/client/messages/item.js";
import * as fallbacks from "../../src/client/pharos-client-fallbacks.js";
import type { ArrivalBatch, StreamEnd, TransportRequest } from "../../src/client/transports/transport.js";

/** One stream of the made-up hub. The test sends its batches and ends it. */
class TestStream {
  readonly request: TransportRequest;
  readonly #results: (ArrivalBatch | StreamEnd)[] = [];
  #wake: () => void = () => undefined;

  constructor(request: TransportRequest) {
    this.request = request;
    const { signal } = request;
    signal.addEventListener("abort", () => this.end(String(Reflect.get(signal.reason, "message"))));
  }

  send(id: string, settings: { readonly retryMs?: number; readonly heartbeatMs?: number } = {}): void {
    const item = { kind: "event", id, topics: ["t"], data: id } as const;
    this.#push({ kind: "batch", arrivals: [{ item, cursor: id }], ...settings });
  }

  end(reason: string): void {
    this.#push({ kind: "end", reason });
  }

  async next(): Promise<ArrivalBatch | StreamEnd> {
    for (;;) {
      const result = this.#results.shift();
      if (result !== undefined) return result;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #push(result: ArrivalBatch | StreamEnd): void {
    this.#results.push(result);
    this.#wake();
  }
}

/** A connection to a made-up hub. The test decides when the second file of the library can be loaded. */
class World {
  readonly streams: TestStream[] = [];
  readonly states: ConnectionState[] = [];
  readonly got: string[] = [];
  readonly feed: Feed;
  readonly load = vi.fn<() => Promise<typeof fallbacks>>(() => Promise.reject(new Error("no file")));
  readonly page = new EventTarget();
  /** The error of the next attempts; undefined if they open a stream. */
  failure: Error | undefined;

  constructor(filters: readonly string[] = ["a"]) {
    vi.stubGlobal("addEventListener", this.page.addEventListener.bind(this.page));
    const open = async (request: TransportRequest): Promise<TestStream> => {
      if (this.failure !== undefined) throw this.failure;
      const stream = new TestStream(request);
      this.streams.push(stream);
      return stream;
    };
    const events = {
      state: (state: ConnectionState) => void this.states.push(state),
      arrival: ({ item }: { readonly item?: { readonly id: string } }) => {
        if (item !== undefined) this.got.push(item.id);
        return undefined;
      },
    };
    const transport = {
      name: "event-stream",
      open: async (request: TransportRequest) => {
        const stream = await open(request);
        return { next: () => stream.next() };
      },
    } as const;
    const settings = {
      transports: [transport],
      tokens: new Tokens(undefined),
      loadFallbacks: this.load,
    } as const;
    this.feed = directFeed(settings, { filters, lastEventId: "", events });
    onTestFinished(() => this.feed.close());
  }

  get last(): TestStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("there is no stream");
    return stream;
  }

  get state(): ConnectionState | undefined {
    return this.states.at(-1);
  }

  /** The file can be loaded from now on. */
  provideFile(): void {
    this.load.mockImplementation(async () => fallbacks);
  }
}

const advance = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());

describe("while the second file has not loaded", () => {
  it("events of the first stream are received", async () => {
    const world = new World();
    world.load.mockReturnValue(new Promise(() => undefined));
    await advance(0);
    for (const id of ["1", "2", "3"]) world.last.send(id);
    await advance(0);
    expect(world.got).toEqual(["1", "2", "3"]);
    expect(world.states.map(({ kind }) => kind)).toEqual(["connecting", "open"]);
  });

  it("a change of filters waits, and then continues at the position with retained values", async () => {
    const world = new World();
    await advance(0);
    world.last.send("1");
    const changed = world.feed.follow(["a", "b"]);
    await advance(60_000);
    expect(world.streams).toHaveLength(1);
    world.provideFile();
    world.last.send("2");
    await advance(30_000);
    await changed;
    expect(world.streams[0]?.request.signal.aborted).toBe(true);
    expect(world.last.request).toMatchObject({ filters: ["a", "b"], added: ["b"], lastEventId: "2" });
    world.last.send("3");
    await advance(0);
    expect(world.got).toEqual(["1", "2", "3"]);
    expect([...new Set(world.states.map(({ kind }) => kind))]).toEqual(["connecting", "open"]);
  });

  it("a change that removes all filters waits, and then closes the first stream", async () => {
    const world = new World();
    await advance(0);
    world.last.send("1");
    const changed = world.feed.follow([]);
    world.provideFile();
    await advance(30_000);
    await changed;
    expect(world.last.request.signal.aborted).toBe(true);
    expect(world.state).toEqual({ kind: "idle" });
  });

  it("a stream that ends is followed by another one, after a wait, from its position", async () => {
    const world = new World();
    await advance(0);
    world.last.send("1", { retryMs: 1000 });
    await advance(0);
    world.last.end("the server ended the stream");
    await advance(0);
    expect(world.state).toMatchObject({ kind: "waiting", reason: "the server ended the stream" });
    await advance(1000);
    expect(world.streams).toHaveLength(2);
    expect(world.last.request.lastEventId).toBe("1");
    expect(world.streams[0]?.request.signal.aborted).toBe(true);
  });

  it("attempts fail with their own reason, and each requests the file again", async () => {
    const world = new World();
    world.failure = new Error("connection refused");
    await advance(0);
    for (const loads of [1, 2, 3]) {
      expect(world.load).toHaveBeenCalledTimes(loads);
      expect(world.state).toMatchObject({ kind: "waiting", reason: "connection refused" });
      await advance(world.state?.kind === "waiting" ? world.state.delayMs : 0);
    }
    world.failure = undefined;
    await advance(30_000);
    expect(world.state).toEqual({ kind: "open", transport: "event-stream" });
  });

  it("a connection without filters says why it waits", async () => {
    const world = new World([]);
    const changed = world.feed.follow(["a"]);
    await advance(0);
    expect(world.state).toMatchObject({ kind: "waiting", reason: "a file of the library cannot be loaded" });
    world.provideFile();
    await advance(30_000);
    await changed;
    expect(world.last.request).toMatchObject({ filters: ["a"], lastEventId: "" });
  });

  it("a stream that falls silent is replaced", async () => {
    const world = new World();
    await advance(0);
    world.last.send("1", { heartbeatMs: 10_000 });
    await advance(24_000);
    expect(world.state?.kind).toBe("open");
    await advance(2000);
    expect(world.states).toContainEqual(
      expect.objectContaining({ kind: "waiting", reason: "the stream was silent too long" }),
    );
    await advance(30_000);
    expect(world.last.request.lastEventId).toBe("1");
  });

  it("a page that is online again ends the wait, and replaces an open stream", async () => {
    const world = new World();
    world.failure = new Error("connection refused");
    await advance(0);
    world.failure = undefined;
    world.page.dispatchEvent(new Event("online"));
    await advance(0);
    expect(world.state?.kind).toBe("open");
    world.page.dispatchEvent(new Event("pageshow"));
    await advance(0);
    expect(world.last.request.signal.aborted).toBe(false);
    world.page.dispatchEvent(new Event("online"));
    await advance(30_000);
    expect(world.streams.length).toBeGreaterThan(1);
    expect(world.streams[0]?.request.signal.aborted).toBe(true);
    expect(world.state?.kind).toBe("open");
  });

  it.each(["open", "waiting"])("a connection that is closed while %s does nothing more", async (kind) => {
    const world = new World();
    if (kind === "waiting") world.failure = new Error("connection refused");
    await advance(0);
    expect(world.state?.kind).toBe(kind);
    const changed = world.feed.follow(["b"]);
    world.feed.close();
    await expect(changed).rejects.toThrowError("the connection is closed");
    await expect(world.feed.follow(["c"])).rejects.toThrowError("the connection is closed");
    world.failure = undefined;
    const { length } = world.states;
    world.provideFile();
    await advance(120_000);
    expect(world.states).toHaveLength(length);
    expect(world.streams.every(({ request }) => request.signal.aborted)).toBe(true);
  });

  it.each(["open", "waiting"])("a connection that is closed while %s leaves no timer", async (kind) => {
    const world = new World();
    if (kind === "waiting") world.failure = new Error("connection refused");
    await advance(0);
    expect(world.state?.kind).toBe(kind);
    world.feed.close();
    await advance(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a stream that ends is followed by another one, also if the file neither loads nor fails", async () => {
    const world = new World();
    world.load.mockReturnValue(new Promise(() => undefined));
    await advance(0);
    world.last.send("1");
    await advance(0);
    world.last.end("the server ended the stream");
    await advance(12_000);
    expect(world.last.request.lastEventId).toBe("1");
    expect(world.state?.kind).toBe("open");
    world.last.send("2");
    await advance(0);
    expect(world.got).toEqual(["1", "2"]);
  });
});

it("the first stream continues without a break when the file has loaded", async () => {
  const world = new World();
  await advance(0);
  world.provideFile();
  await advance(30_000);
  world.last.send("1");
  await advance(0);
  expect(world.load).toHaveBeenCalledTimes(3);
  expect(world.got).toEqual(["1"]);
  expect(world.streams).toHaveLength(1);
});

it("a connection that fails many times keeps no listeners", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const world = new World();
  world.failure = new Error("connection refused");
  await advance(600_000);
  expect(world.load.mock.calls.length).toBeGreaterThan(20);
  expect(warned).not.toHaveBeenCalled();
});

it("a connection that is closed at any moment of its start leaves no stream and no timer", async () => {
  for (let turns = 0; turns < 60; turns += 1) {
    const world = new World();
    world.provideFile();
    if (turns % 2 === 1) void world.feed.follow(["a", "b"]).catch(() => undefined);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    world.feed.close();
    await advance(0);
    expect(world.streams.every(({ request }) => request.signal.aborted)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  }
});
