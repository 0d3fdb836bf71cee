import { CompactingQueue } from "../base/compacting-queue.js";
import type { Coding } from "./publications/content-coding.js";
import type { Entry } from "./publications/entry.js";
import type { TopicFilter } from "./filters/filter.js";
import { filterSetKey } from "./filters/filter.js";
import { heldBytes } from "./filters/filter-cost.js";
import type { Format } from "./publications/format.js";
import type { History } from "./publications/history.js";
import type { Backpressure } from "./backpressure.js";
import type { Offset } from "./publications/position.js";
import { mayRead } from "./publications/rights.js";
import type { Rights } from "./publications/rights.js";

/** Where rounds go: one per Mongrel2 link, one for the HTTP front. */
export interface Outlet {
  /** Part of the cohort's key; unique in the hub. */
  readonly name: string;
  /** The cohort has something pending. Called once until its batch is taken; must not call back into the hub. */
  wake(cohort: Cohort): void;
}

/** What connections have in common when they must always receive the same bytes. */
export interface Subscription {
  readonly format: Format;
  /** @default none: the format's bytes as they are */
  readonly coding?: Coding | undefined;
  readonly filters: readonly TopicFilter[];
  readonly rights: Rights;
}

/** What a connection that joins says. */
export interface Joining {
  readonly subscription: Subscription;
  /** The client's cursor; undefined starts at the present, with the retained values. */
  readonly lastEventId: string | undefined;
  /**
   * Which of the filters the client did not have before, where it goes on from a cursor: their retained values come
   * first. @default none
   */
  readonly added?: readonly TopicFilter[] | undefined;
}

/** What a round delivers: the bytes of some entries in order, coded. */
export interface Batch {
  readonly body: Buffer;
  /** How many publications it holds. */
  readonly count: number;
}

/** The key under which connections share a cohort. */
export function cohortKey(outlet: Outlet, subscription: Subscription): string {
  const { format, coding, filters, rights } = subscription;
  return JSON.stringify([outlet.name, format.name, coding?.name ?? "", rights.key, filterSetKey(filters)]);
}

/**
 * All connections of one outlet that must always receive the same bytes: what they wait for. While somebody listens,
 * matching entries wait here until a round takes them; a reader of history that has reached {@link horizon} can join.
 */
export class Cohort {
  readonly key: string;
  readonly outlet: Outlet;
  readonly subscription: Subscription;
  /** What the filters of each of its connections hold, in bytes. */
  readonly filterBytes: number;
  readonly #history: History;
  readonly #account: Backpressure;
  readonly #pending = new CompactingQueue<Entry>();
  /** An offset, since an entry would be held for as long as the cohort is quiet. */
  #last: Offset = 0;
  #listening = false;
  /** Connections that hold this cohort open, members or not; kept by the hub. */
  connections = 0;

  constructor(options: {
    readonly outlet: Outlet;
    readonly subscription: Subscription;
    readonly history: History;
    readonly account: Backpressure;
  }) {
    this.key = cohortKey(options.outlet, options.subscription);
    this.outlet = options.outlet;
    this.subscription = options.subscription;
    this.filterBytes = heldBytes(options.subscription.filters);
    this.#history = options.history;
    this.#account = options.account;
  }

  /** Everything up to this offset has been given to rounds, or was never pending here. */
  get horizon(): Offset {
    const next = this.#pending.first;
    return next === undefined ? this.#history.head : next.offset - 1;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** When the journal took what has waited longest here; undefined when nothing waits. */
  get oldestPendingAtMs(): number | undefined {
    return this.#pending.first?.atMs;
  }

  /**
   * With a listener, entries are kept for the next round. Without one nothing is: whoever comes later reads history.
   */
  listen(listening: boolean): void {
    this.#listening = listening;
    if (listening) return;
    for (let index = 0; index < this.#pending.length; index += 1) {
      const entry = this.#pending.at(index);
      if (entry !== undefined) this.#account.remove(entry);
    }
    this.#pending.clear();
    this.#account.relieved();
  }

  /** Takes an entry that matches one of the filters; a second match of the same entry changes nothing. */
  append(entry: Entry): void {
    if (this.#last === entry.offset) return;
    this.#last = entry.offset;
    if (!this.#listening || !mayRead(this.subscription.rights, entry.publication)) return;
    entry.readers += this.connections;
    this.#account.add(entry);
    this.#pending.push(entry);
    if (this.#pending.length === 1) this.outlet.wake(this);
  }

  /** Bytes of the format as its connections get them, packed as for so many of them; nothing stays nothing. */
  coded(body: Buffer, members: number): Buffer {
    const { coding } = this.subscription;
    return coding === undefined || body.length === 0 ? body : coding.encode(body, members);
  }

  /**
   * Gives the next round its bytes: as many entries as fit in `maxBytes` before they are coded, at least one; undefined
   * when nothing waits.
   */
  take(maxBytes: number): Batch | undefined {
    const { first } = this.#pending;
    if (first === undefined) return undefined;
    const parts: Buffer[] = [];
    let bytes = 0;
    for (let index = 0; ; index += 1) {
      const entry = this.#pending.at(index);
      if (entry === undefined) break;
      const part = entry.encodedAs(this.subscription.format);
      if (parts.length > 0 && bytes + part.length > maxBytes) break;
      parts.push(part);
      bytes += part.length;
      this.#account.remove(entry);
    }
    this.#pending.drop(parts.length);
    this.#account.relieved(first);
    return { body: this.coded(join(parts, bytes), this.connections), count: parts.length };
  }
}

function join(parts: readonly Buffer[], bytes: number): Buffer {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts, bytes);
}
