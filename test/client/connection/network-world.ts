import { vi } from "vitest";

import type { Feed } from "../../../src/client/connection/feed.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import { directFeed } from "../../../src/client/direct-feed.js";
import type { ConnectionState, TransportName } from "../../../src/client/messages/item.js";
import { noStream, StreamRefusedError } from "../../../src/client/messages/refusal.js";
import * as fallbacks from "../../../src/client/pharos-client-fallbacks.js";
import type {
  ArrivalBatch,
  StreamEnd,
  Transport,
  TransportRequest,
} from "../../../src/client/transports/transport.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/**
 * What the network between client and hub does with the streams of one transport.
 * - `good`: forwards everything.
 * - `headOnly`: forwards the head of a response and holds its body.
 * - `firstBytes`: forwards the first bytes of a body and holds the rest.
 * - `bursts`: forwards data every 45 s.
 * - `dark`: loses everything.
 * - `unreachable`: refuses connections.
 * - `busy`, `busyLater`: answers 502; 503 with `Retry-After: 3`.
 * - `foreign`: another server answers 404.
 * - `refused`: the hub itself refuses the stream.
 */
export type Condition =
  | "good"
  | "headOnly"
  | "firstBytes"
  | "bursts"
  | "dark"
  | "unreachable"
  | "busy"
  | "busyLater"
  | "foreign"
  | "refused";

export type Conditions = readonly [Condition, Condition, Condition];

const names: readonly TransportName[] = ["event-stream", "websocket", "poll"];
const heartbeatMs = 15_000;
const retryMs = 5000;
export const publishEveryMs = 5000;
const latencyMs = 20;

/** One stream of the made-up hub. The hub publishes the events 1, 2, 3, … */
class FakeStream {
  readonly #world: NetworkWorld;
  readonly #transport: number;
  readonly #request: TransportRequest;
  #batches: ArrivalBatch[] = [];
  #sent: number;
  #end: StreamEnd | undefined;
  #wake: () => void = () => undefined;
  #nextBurstMs: number;
  readonly #isHeldForEver: boolean;

  constructor(world: NetworkWorld, transport: number, request: TransportRequest) {
    this.#world = world;
    this.#transport = transport;
    this.#request = request;
    this.#sent = Number(request.lastEventId) || world.published;
    this.#isHeldForEver = world.conditions[transport] === "firstBytes";
    this.#nextBurstMs = world.clock.monotonic() + 45_000;
    this.#batches.push({ kind: "batch", arrivals: [{ cursor: String(this.#sent) }], retryMs, heartbeatMs });
    request.signal.addEventListener("abort", () => this.end("aborted"));
  }

  end(reason: string): void {
    this.#end ??= { kind: "end", reason };
    this.#world.streams.delete(this);
    this.#wake();
  }

  /** Sends what the network lets through. */
  tick(): void {
    const { conditions, clock, published } = this.#world;
    const condition = conditions[this.#transport];
    if (this.#isHeldForEver || condition === "firstBytes" || condition === "dark") return;
    if (condition === "bursts" && clock.monotonic() < this.#nextBurstMs) return;
    if (condition !== "good" && condition !== "bursts") return this.end("the connection broke");
    this.#nextBurstMs = clock.monotonic() + 45_000;
    const arrivals = [];
    for (; this.#sent < published; this.#sent += 1) {
      const id = String(this.#sent + 1);
      arrivals.push({ item: { kind: "event", id, topics: ["n"], data: id }, cursor: id } as const);
    }
    if (arrivals.length === 0) return;
    this.#batches.push({ kind: "batch", arrivals });
    this.#wake();
  }

  async next(): Promise<ArrivalBatch | StreamEnd> {
    for (;;) {
      if (this.#request.signal.aborted) return { kind: "end", reason: "aborted" };
      const batch = this.#batches.shift() ?? this.#end;
      if (batch !== undefined) return batch;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/**
 * A real connection in a made-up network, with a virtual clock in place of the timers of the platform. The code of the
 * second file comes over the same network: it cannot be loaded while all transports are `dark` or
 * `unreachable`.
 */
export class NetworkWorld {
  readonly clock = new VirtualClock();
  readonly streams = new Set<FakeStream>();
  conditions: Conditions = ["good", "good", "good"];
  published = 0;
  /** The events that the program has received. */
  readonly got: string[] = [];
  readonly states: ConnectionState[] = [];
  /** The transport and the time of each attempt. */
  readonly attempts: { readonly name: TransportName; readonly atMs: number }[] = [];
  readonly feed: Feed;
  readonly #page = new EventTarget();

  /** @param random in place of `Math.random` */
  constructor(random: () => number) {
    this.#replacePlatform(random);
    const [first, ...others] = names.map((name, transport) => this.#transport(name, transport));
    if (first === undefined) throw new Error("there are three transports");
    const events = {
      state: (state: ConnectionState) => void this.states.push(state),
      arrival: ({ item }: { readonly item?: { readonly id: string } }) => {
        if (item !== undefined) this.got.push(item.id);
        return undefined;
      },
    };
    const settings = { transports: [first, ...others], tokens: new Tokens(undefined) } as const;
    const loadFallbacks = (): Promise<typeof fallbacks> => this.#load();
    this.feed = directFeed({ ...settings, loadFallbacks }, { filters: ["n"], lastEventId: "", events });
    this.clock.every(publishEveryMs, () => {
      this.published += 1;
      for (const stream of this.streams) stream.tick();
    });
  }

  get state(): ConnectionState {
    return this.states.at(-1) ?? { kind: "idle" };
  }

  /** Fires an event of the page. */
  fire(type: "pageshow" | "online"): void {
    this.#page.dispatchEvent(new Event(type));
  }

  /** Advances the virtual time in steps, so that the code between two timers runs. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.monotonic() + ms;
    while (this.clock.monotonic() < endMs) {
      await settled();
      this.clock.advance(Math.min(this.clock.untilNextMs(), endMs - this.clock.monotonic()));
    }
    await settled();
  }

  async close(): Promise<void> {
    this.feed.close();
    await settled();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }

  #replacePlatform(random: () => number): void {
    vi.stubGlobal("setTimeout", (then: (value: unknown) => void, ms = 0, value?: unknown) =>
      this.clock.after(ms, () => then(value)),
    );
    vi.stubGlobal("clearTimeout", (timer: { cancel(): void } | undefined) => timer?.cancel());
    vi.stubGlobal("addEventListener", this.#page.addEventListener.bind(this.#page));
    vi.spyOn(Date, "now").mockImplementation(() => this.clock.now());
    vi.spyOn(Math, "random").mockImplementation(random);
  }

  async #load(): Promise<typeof fallbacks> {
    await this.#later(latencyMs);
    if (this.conditions.every((condition) => condition === "dark" || condition === "unreachable"))
      throw new Error("the file cannot be loaded");
    return fallbacks;
  }

  #transport(name: TransportName, transport: number): Transport {
    return {
      name,
      heartbeatMs,
      open: async (request) => {
        this.attempts.push({ name, atMs: this.clock.monotonic() });
        await this.#later(latencyMs);
        if (request.signal.aborted) throw new Error("aborted");
        const condition = this.conditions[transport] ?? "good";
        if (condition === "headOnly" || condition === "dark") return untilAborted(request.signal);
        const error = failureOf(condition);
        // Browsers hide why a WebSocket failed.
        if (error !== undefined) throw name === "websocket" ? new Error("the WebSocket did not open") : error;
        const stream = new FakeStream(this, transport, request);
        this.streams.add(stream);
        return { next: () => stream.next() };
      },
    };
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }
}

function failureOf(condition: Condition): Error | undefined {
  if (condition === "unreachable") return new Error("connection refused");
  if (condition === "busy") return noStream("status 502", "busy");
  if (condition === "busyLater") return noStream("status 503", "busy", 3000);
  if (condition === "foreign") return noStream("status 404", "foreign");
  return condition === "refused" ? new StreamRefusedError(403, "no right") : undefined;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new Error("aborted"))),
  );
}

const { setImmediate } = globalThis;

/** Runs all promise callbacks that are due. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
