import { CompactingQueue } from "../../../src/base/compacting-queue.js";
import { DeadlineError } from "../wait-for.js";
import { Http2Connections, Http2LoadClient } from "./http2-client.js";
import { LoadClient, type ClientShared, type LoadMember } from "./load-client.js";
import { noCounts, Samples, type Counts } from "./counts.js";
import { DelayHistogram } from "./histogram.js";
import { defaultStream } from "./payload.js";
import type { Condition, GroupSpec, Leaving, Reading, Snapshot } from "./protocol.js";

interface Waiter {
  readonly condition: Condition;
  /** The clients that have not reached the number of a `sequence` condition. */
  readonly short: Set<LoadMember>;
  done(): void;
}

/** EventSource's reconnection delay if the server sends no `retry:` (browsers: 3 to 5 s). */
const defaultRetryMs = 3000;

/** The clients of one {@link GroupSpec}. Runs in the child process of the clients. */
export class ClientGroup {
  readonly #spec: GroupSpec;
  readonly #counts: Counts = noCounts();
  readonly #delays = new DelayHistogram();
  readonly #foreign = new Samples();
  readonly #gaps = new Samples();
  readonly #refused = new Samples();
  readonly #members = new Set<LoadMember>();
  readonly #timers = new Map<LoadMember, NodeJS.Timeout>();
  readonly #leaveAt = new Map<LoadMember, number>();
  readonly #reconnectsAt = new Map<number, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #toOpen = new CompactingQueue<LoadMember>();
  readonly #opening = new Set<LoadMember>();
  readonly #shared: ClientShared;
  readonly #nextAddress: () => string | undefined;

  /** `nextAddress` returns the local address of a new connection. */
  constructor(spec: GroupSpec, nextAddress: () => string | undefined) {
    this.#spec = spec;
    this.#nextAddress = nextAddress;
    this.#shared = {
      host: spec.host ?? "127.0.0.1",
      port: spec.port,
      tls: spec.tls ?? false,
      path: pathOf(spec),
      headers: spec.headers ?? {},
      reading: spec.reading ?? { kind: "fast" },
      expected: {
        streams: (spec.streams ?? [defaultStream]).map((name) => Buffer.from(name)),
        firstSequence: spec.firstSequence,
        others: spec.others ?? false,
      },
      found: { counts: this.#counts, delays: this.#delays, foreign: this.#foreign, gaps: this.#gaps },
      events: {
        opened: (client) => this.#onOpened(client),
        progressed: (client) => this.#onProgress(client),
        refused: (client, answer) => this.#onRefused(client, answer),
        ended: (client, wasOpen, error) => this.#onEnded(client, { wasOpen, error }),
      },
    };
  }

  /** Begins to open all clients. Further clients connect when earlier clients receive their response heads. */
  open(): void {
    this.#counts.clients += this.#spec.clients;
    const create = this.#createMember();
    for (let n = 0; n < this.#spec.clients; n += 1) {
      const client = create();
      this.#members.add(client);
      this.#toOpen.push(client);
    }
    this.#openMore();
  }

  /** Resolves when `condition` is true. Rejects at the deadline with the number of missing clients. */
  async wait(condition: Condition, within: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        act();
      };
      const late = (): void => reject(new DeadlineError({ within, missing: this.#missing(waiter) }));
      const timer = setTimeout(() => settle(late), within);
      const waiter: Waiter = { condition, short: this.#shortOf(condition), done: () => settle(resolve) };
      this.#waiters.add(waiter);
      this.#look(waiter);
    });
  }

  snapshot(): Snapshot {
    const reached = this.#reached();
    return {
      name: this.#spec.name,
      counts: { ...this.#counts },
      delays: this.#delays.read(),
      reconnectsAt: [...this.#reconnectsAt],
      lowest: reached.lowest,
      highest: reached.highest,
      foreign: this.#foreign.texts,
      gaps: this.#gaps.texts,
      refused: this.#refused.texts,
    };
  }

  resetDelays(): void {
    this.#delays.reset();
  }

  /** Makes clients leave, the oldest first. Returns their number. */
  leave(clients: number, how: Leaving): number {
    const leaving = [...this.#members].slice(0, clients);
    for (const client of leaving) this.#leaveOne(client, how);
    return leaving.length;
  }

  /** Changes how fast all clients read. A client gets a new buffer with its next connection. */
  read(reading: Reading): void {
    this.#shared.reading = reading;
    for (const client of this.#members) client.readOn();
  }

  #createMember(): () => LoadMember {
    const { http2Streams, lastEventId } = this.#spec;
    if (http2Streams === undefined) return () => new LoadClient(this.#shared, lastEventId);
    const connections = new Http2Connections(this.#shared, http2Streams);
    return () => new Http2LoadClient(connections, this.#shared, lastEventId);
  }

  #openMore(): void {
    while (this.#opening.size < (this.#spec.openAtOnce ?? 100)) {
      const client = this.#toOpen.shift();
      if (client === undefined) return;
      if (!this.#members.has(client)) continue;
      this.#opening.add(client);
      client.connect(this.#nextAddress());
    }
  }

  #onOpened(client: LoadMember): void {
    this.#counts.opened += 1;
    this.#counts.open += 1;
    this.#settled(client);
    const { events, ms } = this.#spec.leaveAfter ?? {};
    if (events !== undefined) this.#leaveAt.set(client, client.checker.events + events);
    if (ms !== undefined)
      this.#timers.set(
        client,
        setTimeout(() => this.#leaveOne(client, "end"), ms),
      );
    this.#changed();
  }

  #settled(client: LoadMember): void {
    if (this.#opening.delete(client)) this.#openMore();
  }

  #onProgress(client: LoadMember): void {
    const leaveAt = this.#leaveAt.get(client);
    if (leaveAt !== undefined && client.checker.events >= leaveAt) this.#leaveOne(client, "end");
    for (const waiter of this.#waiters) {
      if (
        waiter.condition.kind === "sequence" &&
        waiter.short.has(client) &&
        hasReached(client, waiter.condition, this.#spec)
      )
        waiter.short.delete(client);
      this.#look(waiter);
    }
  }

  #onRefused(client: LoadMember, answer: string): void {
    this.#counts.refused += 1;
    this.#refused.add(answer);
    this.#settled(client);
    this.#changed();
  }

  #onEnded(client: LoadMember, end: { readonly wasOpen: boolean; readonly error: Error | undefined }): void {
    this.#settled(client);
    this.#forget(client);
    if (end.wasOpen) {
      this.#counts.open -= 1;
      this.#counts.closed += 1;
    } else if (!client.wasRefused) {
      this.#counts.unreachable += 1;
      this.#refused.add(`unreachable: ${end.error?.message ?? "closed before the response head"}`);
    }
    this.#maybeReturn(client);
    this.#changed();
  }

  #maybeReturn(client: LoadMember): void {
    const reconnect = this.#spec.reconnect;
    if (reconnect === undefined || (client.wasRefused && reconnect.afterRefusal !== true)) return;
    const delayMs = reconnect.delayMs ?? client.checker.retryMs ?? defaultRetryMs;
    const again = (): void => {
      this.#counts.reconnects += 1;
      const second = Math.floor(Date.now() / 1000);
      this.#reconnectsAt.set(second, (this.#reconnectsAt.get(second) ?? 0) + 1);
      this.#toOpen.push(client);
      this.#openMore();
    };
    this.#timers.set(client, setTimeout(again, delayMs));
  }

  #leaveOne(client: LoadMember, how: Leaving): void {
    if (!this.#members.delete(client)) return;
    this.#counts.left += 1;
    if (client.isOpen) this.#counts.open -= 1;
    this.#forget(client);
    client.leave(how);
    this.#settled(client);
    for (const waiter of this.#waiters) waiter.short.delete(client);
    this.#changed();
  }

  #forget(client: LoadMember): void {
    clearTimeout(this.#timers.get(client));
    this.#timers.delete(client);
    this.#leaveAt.delete(client);
  }

  #changed(): void {
    for (const waiter of this.#waiters) this.#look(waiter);
  }

  #look(waiter: Waiter): void {
    if (this.#holds(waiter)) waiter.done();
  }

  #holds({ condition, short }: Waiter): boolean {
    switch (condition.kind) {
      case "open":
        return this.#counts.open >= condition.atLeast;
      case "sequence":
        return short.size === 0;
      case "count":
        return this.#counts[condition.name] >= condition.atLeast;
      default:
        return unknownCondition(condition);
    }
  }

  #shortOf(condition: Condition): Set<LoadMember> {
    if (condition.kind !== "sequence") return new Set();
    return new Set([...this.#members].filter((client) => !hasReached(client, condition, this.#spec)));
  }

  #missing({ condition, short }: Waiter): string {
    const counts = this.#counts;
    const { lowest, highest } = this.#reached();
    const state =
      `(of ${counts.clients} clients ${counts.open} are open, ${counts.left} left, ${counts.closed} were closed, ` +
      `${counts.unreachable} times unreachable, ${counts.refused} refused; sequence ${lowest} to ${highest})` +
      this.#refused.texts
        .slice(0, 1)
        .map((text) => `; first refusal: ${text}`)
        .join("");
    const group = `group ${this.#spec.name}`;
    switch (condition.kind) {
      case "open":
        return `${group}: ${condition.atLeast - counts.open} of ${condition.atLeast} streams are not open ${state}`;
      case "sequence":
        return `${group}: ${short.size} clients have not reached sequence ${condition.atLeast} ${state}`;
      case "count":
        return `${group}: ${condition.name} is ${counts[condition.name]}, not yet ${condition.atLeast} ${state}`;
      default:
        return unknownCondition(condition);
    }
  }

  #reached(): { lowest: number; highest: number } {
    let lowest = Infinity;
    let highest = -1;
    for (const client of this.#members)
      for (const record of client.checker.records) {
        lowest = Math.min(lowest, record.highest);
        highest = Math.max(highest, record.highest);
      }
    return { lowest: lowest === Infinity ? -1 : lowest, highest };
  }
}

function hasReached(
  client: LoadMember,
  condition: Condition & { kind: "sequence" },
  spec: GroupSpec,
): boolean {
  const streams = spec.streams ?? [defaultStream];
  return client.checker.records.every(
    (record, index) =>
      record.highest >= condition.atLeast ||
      (condition.stream !== undefined && condition.stream !== streams[index]),
  );
}

function pathOf(spec: GroupSpec): string {
  const query = (spec.topics ?? []).map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
  const path = spec.path ?? "/esupdates";
  if (query === "") return path;
  return `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

function unknownCondition(condition: never): never {
  throw new TypeError(`unknown condition: ${JSON.stringify(condition)}`);
}
