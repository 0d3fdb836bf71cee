import type { Feed } from "../../../src/client/connection/feed.js";
import { startLoop } from "../../../src/client/loop/keep-open.js";
import { LiveConnection } from "../../../src/client/connection/live-connection.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import type { ConnectionStart } from "../../../src/client/connection/connection-start.js";
import { directFeed } from "../../../src/client/direct-feed.js";
import * as fallbacks from "../../../src/client/pharos-client-fallbacks.js";
import { StreamRefusedError } from "../../../src/client/messages/refusal.js";
import { matchesTopic } from "../../../src/client/messages/topic-match.js";
import type { FromTab, FromWorker, Port } from "../../../src/client/shared/messages.js";
import { SharedConnection } from "../../../src/client/shared/shared-connection.js";
import { SharedFeed } from "../../../src/client/shared/shared-feed.js";
import type {
  ArrivalBatch,
  StreamEnd,
  Transport,
  TransportRequest,
} from "../../../src/client/transports/transport.js";

/** The topics of the made-up hub. Each has a value from the start. */
export const topics = ["a", "b", "c", "d/x"] as const;

/** Filters that do not overlap, so that a client gets each value under one filter only. */
export const filters = ["a", "b", "c", "d/#"] as const;

/** The filter of a tab that needs no other filter. It overlaps with the filters of other tabs. */
export const everything = "#";

/** A queue of deliveries that stay in order. Deliveries of different lanes may come in any order. */
type Lane = (() => void)[];

/** All that is on its way between hub, worker and tabs. A test decides what arrives next. */
class Scheduler {
  readonly #lanes: Lane[] = [];

  lane(): Lane {
    const lane: Lane = [];
    this.#lanes.push(lane);
    return lane;
  }

  /** Delivers the next message of one of the lanes that have messages. Returns false if none has. */
  deliver(choice: number): boolean {
    const waiting = this.#lanes.filter((lane) => lane.length > 0);
    waiting[choice % waiting.length]?.shift()?.();
    return waiting.length > 0;
  }
}

interface Publication {
  readonly offset: number;
  readonly topic: string;
}

/** A hub in which every publication is the retained value of its topic. */
class FakeHub {
  readonly publications: Publication[] = topics.map((topic, n) => ({ offset: n + 1, topic }));
  readonly #scheduler: Scheduler;
  readonly #streams = new Set<FakeStream>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get head(): number {
    return this.publications.length;
  }

  publish(topic: string): void {
    const publication = { offset: this.head + 1, topic };
    this.publications.push(publication);
    for (const stream of this.#streams) stream.publish(publication);
  }

  /** The request and the response take their time, so that the hub sees the request at any moment. */
  async open(request: TransportRequest): Promise<FakeStream> {
    const lane = this.#scheduler.lane();
    await new Promise<void>((resolve) => lane.push(resolve));
    const stream = new FakeStream(this, lane, request);
    this.#streams.add(stream);
    request.signal.addEventListener("abort", () => this.#streams.delete(stream));
    await stream.firstBytes();
    return stream;
  }

  /** The values up to the position `from`. Later values come with the events after this position. */
  valuesOf(wanted: readonly string[], from: number): readonly Publication[] {
    return topics.flatMap((topic) => {
      const last = this.publications.findLast((publication) => publication.topic === topic);
      return last !== undefined && last.offset <= from && matches(wanted, topic) ? [last] : [];
    });
  }
}

class FakeStream {
  readonly #lane: Lane;
  readonly #request: TransportRequest;
  #arrived: ArrivalBatch[] = [];
  #wake: () => void = () => undefined;

  constructor(hub: FakeHub, lane: Lane, request: TransportRequest) {
    this.#lane = lane;
    this.#request = request;
    const { lastEventId, added, filters } = request;
    const from = lastEventId === "" ? hub.head : Number(lastEventId);
    const values = hub.valuesOf(lastEventId === "" ? filters : added, from);
    // Each value comes by itself, so that other things happen between two values.
    this.#send({ kind: "batch", arrivals: [] });
    for (const value of values) this.#send(batchOf(value, { retained: true, cursor: lastEventId }));
    this.#send({ kind: "batch", arrivals: [{ cursor: String(from) }] });
    for (const publication of hub.publications.slice(from)) this.publish(publication);
    request.signal.addEventListener("abort", () => this.#wake());
  }

  publish(publication: Publication): void {
    if (matches(this.#request.filters, publication.topic)) this.#send(batchOf(publication));
  }

  async firstBytes(): Promise<void> {
    while (this.#arrived.length === 0) await this.#change();
  }

  async next(): Promise<ArrivalBatch | StreamEnd> {
    for (;;) {
      if (this.#request.signal.aborted) return { kind: "end", reason: "aborted" };
      const batch = this.#arrived.shift();
      if (batch !== undefined) return batch;
      await this.#change();
    }
  }

  #send(batch: ArrivalBatch): void {
    this.#lane.push(() => {
      this.#arrived.push(batch);
      this.#wake();
    });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

function matches(wanted: readonly string[], topic: string): boolean {
  return wanted.some((filter) => matchesTopic(filter, topic));
}

function batchOf(
  { offset, topic }: Publication,
  value?: { readonly retained: true; readonly cursor: string },
): ArrivalBatch {
  const id = String(offset);
  const mark = value === undefined ? {} : { retained: value.retained };
  const item = { kind: "event", id, topics: [topic], data: id, ...mark } as const;
  return { kind: "batch", arrivals: [{ item, cursor: value?.cursor ?? id }] };
}

/** One open page. */
export interface TestTab {
  readonly live: LiveConnection;
  /** The offset, topic and kind of each item. */
  readonly got: { readonly offset: number; readonly topic: string; readonly isRetained: boolean }[];
  readonly states: string[];
  /** Ends the page without a message, as a crash does. */
  crash(): void;
}

/** The real worker and the real pages. A test schedules their messages, and the messages of a made-up hub. */
export class TabsWorld {
  readonly #scheduler = new Scheduler();
  readonly hub = new FakeHub(this.#scheduler);
  readonly tabs: TestTab[] = [];
  readonly #locks = new Map<string, () => void>();
  readonly #transport: Transport = {
    name: "event-stream",
    open: async (request) => {
      const stream = await this.hub.open(request);
      return { next: () => stream.next() };
    },
  };
  readonly #settings = { transports: [this.#transport], tokens: new Tokens(undefined) } as const;
  readonly #connection = new SharedConnection({
    makeFeed: ({ filters, lastEventId, events }) =>
      startLoop(this.#settings, { filters, lastEventId, events }),
    whenLockReleased: (name) => new Promise((resolve) => this.#locks.set(name, resolve)),
  });
  #count = 0;

  join(wanted: readonly string[]): void {
    this.#count += 1;
    const lock = String(this.#count);
    const [tabPort, workerPort] = this.#ports();
    this.#connection.connect(workerPort);
    const got: TestTab["got"] = [];
    const states: string[] = [];
    const live = new LiveConnection({
      filters: wanted,
      lastEventId: "",
      makeFeed: (events) =>
        new SharedFeed(
          {
            port: tabPort,
            settings: { url: "", transport: "event-stream", headers: {}, credentials: undefined },
            tokens: new Tokens(undefined),
            lock: Promise.resolve(lock),
            onClose: () => undefined,
            makeDirectFeed: (start) => this.#directFeed(start),
            refusal: (status, reason) => new StreamRefusedError(status, reason),
          },
          { filters: wanted, lastEventId: "", events },
        ),
    });
    live.on("event", ({ id, topics: [topic = ""], retained }) =>
      got.push({ offset: Number(id), topic, isRetained: retained === true }),
    );
    live.on("state", ({ kind }) => states.push(kind));
    const crash = (): void => {
      tabPort.close();
      const lane = this.#scheduler.lane();
      lane.push(() => this.#locks.get(lock)?.());
      live.close();
    };
    this.tabs.push({ live, got, states, crash });
  }

  /** Removes the tab from the list, and returns it. */
  take(choice: number): TestTab | undefined {
    return this.tabs.splice(choice % Math.max(1, this.tabs.length), 1)[0];
  }

  async deliver(choice: number): Promise<boolean> {
    const isDelivered = this.#scheduler.deliver(choice);
    await settled();
    return isDelivered;
  }

  async deliverAll(): Promise<void> {
    while (await this.deliver(0));
  }

  /** Runs all promise callbacks that are due. */
  settled(): Promise<void> {
    return settled();
  }

  close(): void {
    for (const { live } of this.tabs) live.close();
  }

  /** The feed of a tab without the worker. Its first stream is read by other code than the streams after it. */
  #directFeed(start: ConnectionStart): Feed {
    return directFeed({ ...this.#settings, loadFallbacks: async () => fallbacks }, start);
  }

  #ports(): [Port<FromTab, FromWorker>, Port<FromWorker, FromTab>] {
    const [toWorker, toTab] = [this.#scheduler.lane(), this.#scheduler.lane()];
    let atWorker: (message: FromTab) => void = () => undefined;
    let atTab: (message: FromWorker) => void = () => undefined;
    let isClosed = false;
    return [
      {
        send: (message) => void (isClosed || toWorker.push(() => atWorker(message))),
        listen: (listener) => (atTab = listener),
        close: () => (isClosed = true),
      },
      {
        send: (message) => void toTab.push(() => void (isClosed || atTab(message))),
        listen: (listener) => (atWorker = listener),
        close: () => undefined,
      },
    ];
  }
}

/** Runs all promise callbacks that are due. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
