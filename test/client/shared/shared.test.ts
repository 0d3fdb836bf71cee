import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseHubAddress } from "../../../src/client/transports/address.js";
import { startLoop } from "../../../src/client/loop/keep-open.js";
import { directFeed } from "../../../src/client/direct-feed.js";
import { transportsFor } from "../../../src/client/transports-for.js";
import type { Feed, FeedEvents } from "../../../src/client/connection/feed.js";
import { StreamRefusedError } from "../../../src/client/index.js";
import * as fallbacks from "../../../src/client/pharos-client-fallbacks.js";
import {
  type FromTab,
  type FromWorker,
  type SharedSettings,
  typedPort,
} from "../../../src/client/shared/messages.js";
import { SharedFeed } from "../../../src/client/shared/shared-feed.js";
import { SharedConnection } from "../../../src/client/shared/shared-connection.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import { waitFor } from "../../support/wait-for.js";
import { quick, serve, stream } from "../stream-server.js";

const within = 30_000;

const loadFallbacks = async (): Promise<typeof fallbacks> => fallbacks;

const transportsOf = ({ url, transport }: SharedSettings): ReturnType<typeof transportsFor> =>
  transportsFor(parseHubAddress(url), { name: transport, settings: {}, loadFallbacks });

/** Starts a worker and a hub. The test writes to the streams of the hub. */
async function startWorld(): Promise<World> {
  const streams: { request: IncomingMessage; response: ServerResponse }[] = [];
  const { url } = await serve((request, response) => {
    stream([`${quick}heartbeat: 60000\n`], { open: true })(request, response);
    streams.push({ request, response });
  });
  return new World(url, streams);
}

interface Tab {
  readonly feed: Feed;
  readonly got: string[];
  readonly states: string[];
}

class World {
  readonly streams: { request: IncomingMessage; response: ServerResponse }[];
  readonly #url: string;
  readonly #locks = new Map<string, () => void>();
  readonly #connection: SharedConnection;

  constructor(url: string, streams: World["streams"]) {
    this.#url = url;
    this.streams = streams;
    this.#connection = new SharedConnection({
      makeFeed: ({ settings, token, ...start }) =>
        startLoop({ transports: transportsOf(settings), tokens: new Tokens(token) }, start),
      whenLockReleased: (name) => new Promise((resolve) => this.#locks.set(name, resolve)),
    });
  }

  /** The requests that the hub received: URL and `Last-Event-ID` of each. */
  get requests(): string[] {
    return this.streams.map(({ request }) => `${request.url} ${String(request.headers["last-event-id"])}`);
  }

  /** Writes to the newest stream. */
  write(text: string): void {
    this.streams.at(-1)?.response.write(text);
  }

  /** Releases a tab's lock, as the browser does when the tab is closed. */
  releaseLock(lock: string): void {
    this.#locks.get(lock)?.();
  }

  tab(
    lock: string,
    filters: readonly string[],
    options: { lastEventId?: string; token?: string; room?: () => Promise<void> } = {},
  ): Tab {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    this.#connection.connect(typedPort<FromWorker, FromTab>(port2));
    const settings = {
      url: this.#url,
      transport: "event-stream",
      headers: {},
      credentials: "same-origin",
    } as const;
    const tokens = new Tokens(options.token);
    const [got, states]: [string[], string[]] = [[], []];
    const events: FeedEvents = {
      state: ({ kind }) => void states.push(kind),
      arrival: ({ item }) => {
        if (item?.kind === "event") got.push(item.retained === true ? `${item.data} retained` : item.data);
        return options.room?.();
      },
    };
    const feed = new SharedFeed(
      {
        port: typedPort<FromTab, FromWorker>(port1),
        settings,
        tokens,
        lock: Promise.resolve(lock),
        onClose: () => undefined,
        makeDirectFeed: (from) =>
          directFeed({ transports: transportsOf(settings), tokens, loadFallbacks }, from),
        refusal: (status, reason) => new StreamRefusedError(status, reason),
      },
      { filters, lastEventId: options.lastEventId ?? "", events },
    );
    onTestFinished(() => feed.close());
    return { feed, got, states };
  }

  async opened(count: number): Promise<void> {
    await waitFor(() => this.streams.length >= count, {
      within,
      missing: () => `stream ${count}; ${this.requests.join()}`,
    });
  }
}

const untilGot = (tab: Tab, data: string): Promise<unknown> =>
  waitFor(() => tab.got.includes(data), {
    within,
    missing: () => `${data}; there is ${tab.got.join()} ${tab.states.join()}`,
  });

describe("tabs that share a connection", () => {
  it("each get what their own filters match, and a later tab gets retained values first", async () => {
    const world = await startWorld();
    const first = world.tab("1", ["a/#"]);
    await world.opened(1);
    world.write("topic: a/x\nretained: 0\ndata: state\n\nid: 1\ntopic: a/x\ndata: one\n\n");
    await untilGot(first, "one");
    const second = world.tab("2", ["a/+", "b"], { token: "t" });
    await world.opened(2);
    expect(world.requests[1]).toBe(
      "/esupdates?topic=a%2F%23&topic=a%2F%2B&topic=b&added=a%2F%2B&added=b&show=topics 1",
    );
    expect(world.streams[1]?.request.headers.authorization).toBe("Bearer t");
    world.write(
      "topic: a/x\nretained: 1\ndata: now\n\nid: 2\ntopic: b\ndata: two\n\nid: 3\ntopic: a/y\ndata: three\n\n",
    );
    await untilGot(second, "three");
    await untilGot(first, "three");
    expect(first.got).toEqual(["state retained", "one", "three"]);
    expect(second.got).toEqual(["now retained", "two", "three"]);
    expect(world.streams).toHaveLength(2);
  });

  it("miss nothing when the first tab is closed", async () => {
    const world = await startWorld();
    world.tab("1", ["a"]);
    const second = world.tab("2", ["a", "b"]);
    await world.opened(2);
    world.write("id: 1\ntopic: b\ndata: one\n\n");
    await untilGot(second, "one");
    world.releaseLock("1");
    world.write("id: 2\ntopic: a\ndata: two\n\n");
    await untilGot(second, "two");
    expect(second.got).toEqual(["one", "two"]);
  });

  it("change their filters without the others noticing", async () => {
    const world = await startWorld();
    const first = world.tab("1", ["a"]);
    const second = world.tab("2", ["a"]);
    await world.opened(2);
    world.write("id: 1\ntopic: a\ndata: one\n\n");
    await untilGot(second, "one");
    const count = world.streams.length;
    await second.feed.follow(["a", "b"]);
    await world.opened(count + 1);
    world.write(
      "topic: b\nretained: 0\ndata: state\n\nid: 2\ntopic: b\ndata: two\n\nid: 3\ntopic: a\ndata: three\n\n",
    );
    await untilGot(first, "three");
    await untilGot(second, "three");
    expect(first.got).toEqual(["one", "three"]);
    expect(second.got).toEqual(["one", "state retained", "two", "three"]);
  });

  it("continue at their position, if the worker still holds it", async () => {
    const world = await startWorld();
    const first = world.tab("1", ["a"]);
    await world.opened(1);
    world.write("id: 1\ntopic: a\ndata: one\n\nid: 2\ntopic: a\ndata: two\n\n");
    await untilGot(first, "two");
    const second = world.tab("2", ["a"], { lastEventId: "1" });
    await untilGot(second, "two");
    expect(second.got).toEqual(["two"]);
    expect(world.streams).toHaveLength(1);
  });

  it("connect directly if the worker does not hold their position, until they can attach", async () => {
    const world = await startWorld();
    const first = world.tab("1", ["a"]);
    await world.opened(1);
    world.write("id: 5\ntopic: a\ndata: five\n\n");
    await untilGot(first, "five");
    const second = world.tab("2", ["a"], { lastEventId: "3" });
    await world.opened(2);
    expect(world.requests[1]).toBe("/esupdates?topic=a&show=topics 3");
    const [shared, own] = world.streams;
    own?.response.write("id: 4\ntopic: a\ndata: four\n\nid: 5\ntopic: a\ndata: five\n\n");
    await untilGot(second, "five");
    let isGone = false;
    own?.response.on("close", () => (isGone = true));
    let id = 5;
    await waitFor(
      () => {
        id += 1;
        const event = `id: ${id}\ntopic: a\ndata: ${id}\n\n`;
        shared?.response.write(event);
        own?.response.write(event);
        return isGone;
      },
      { within, everyMs: 100, missing: "the end of the tab's own connection" },
    );
    shared?.response.write("id: last\ntopic: a\ndata: last\n\n");
    await untilGot(second, "last");
    const numbers = Array.from({ length: id - 5 }, (_, n) => String(n + 6));
    expect(second.got).toEqual(["four", "five", ...numbers, "last"]);
    expect(first.got).toEqual(["five", ...numbers, "last"]);
  });

  it("slow the stream down when events come faster than one of them reads", async () => {
    const world = await startWorld();
    const slow = world.tab("1", ["a"], { room: () => new Promise((resolve) => setImmediate(resolve)) });
    const quick = world.tab("2", ["a"]);
    await world.opened(2);
    const numbers = Array.from({ length: 5000 }, (_, n) => String(n));
    world.write(numbers.map((n) => `id: ${n}\ntopic: a\ndata: ${n}\n\n`).join(""));
    await untilGot(slow, "4999");
    await untilGot(quick, "4999");
    expect(slow.got).toEqual(numbers);
    expect(quick.got).toEqual(numbers);
    expect(world.streams).toHaveLength(2);
  });

  it("connect directly when the worker has failed", async () => {
    const world = await startWorld();
    const { feed, got } = world.tab("1", ["a"]);
    await world.opened(1);
    world.write("id: 1\ntopic: a\ndata: one\n\n");
    await waitFor(() => got.includes("one"), { within, missing: "one" });
    if (feed instanceof SharedFeed) feed.leaveWorker();
    await world.opened(2);
    expect(world.requests[1]).toBe("/esupdates?topic=a&show=topics 1");
    world.write("id: 2\ntopic: a\ndata: two\n\n");
    await waitFor(() => got.includes("two"), { within, missing: "two" });
  });
});
