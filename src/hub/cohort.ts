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

/** A destination of rounds: one for each Mongrel2 link, one for the HTTP front. */
export interface Outlet {
  /** Part of the cohort's key; unique in the hub. */
  readonly name: string;
  /**
   * The cohort has pending entries. The hub calls `wake` once, and again only after a round has taken the entries.
   * `wake` must not call the hub.
   */
  wake(cohort: Cohort): void;
  /**
   * Publications up to this offset were deleted, or have expired: readers must not get events that the outlet has kept for
   * them elsewhere. Only live rounds may still have them. @default the outlet keeps nothing, apart from a {@link PageCache}
   */
  forget?(upTo: Offset): void;
}

/** The properties that decide which bytes a connection gets. Connections with equal properties share a cohort. */
export interface Subscription {
  readonly format: Format;
  /** @default none: the bytes are sent as the format writes them */
  readonly coding?: Coding | undefined;
  readonly filters: readonly TopicFilter[];
  readonly rights: Rights;
}

/** The request of a connection to join a cohort. */
export interface Joining {
  readonly subscription: Subscription;
  /** The client's cursor. If undefined, the connection starts at the head and first gets the retained values. */
  readonly lastEventId: string | undefined;
  /**
   * For a client that resumes from a cursor: the filters that the client did not have before. The client first gets the
   * retained values of these filters.
   * @default none
   */
  readonly added?: readonly TopicFilter[] | undefined;
}

/** The encoded bytes of the entries of one round, in order. */
export interface Batch {
  readonly body: Buffer;
  /** The number of publications in the batch. */
  readonly count: number;
  /** The time of the oldest publication, as {@link Entry.acceptedAtMs}. */
  readonly acceptedAtMs: number;
}

/** The key under which connections share a cohort. */
export function cohortKey(outlet: Outlet, subscription: Subscription): string {
  const { format, coding, filters, rights } = subscription;
  return JSON.stringify([outlet.name, format.name, coding?.name ?? "", rights.key, filterSetKey(filters)]);
}

/**
 * All connections of one outlet that get identical bytes, and the entries that are pending for these connections. While
 * an outlet listens, the cohort keeps matching entries until a round takes them. A reader of history joins the cohort
 * when the reader has reached {@link horizon}.
 */
export class Cohort {
  readonly key: string;
  readonly outlet: Outlet;
  readonly subscription: Subscription;
  /** Memory for the filters of one connection of the cohort, in bytes. */
  readonly filterBytes: number;
  readonly #history: History;
  readonly #backpressure: Backpressure;
  readonly #pending = new CompactingQueue<Entry>();
  /**
   * The offset of the newest appended entry. This field is not a reference to the entry, because a reference keeps
   * the entry in memory while the cohort is quiet.
   */
  #last: Offset = 0;
  #listening = false;
  /** The number of connections in the cohort. The hub updates this number. */
  connections = 0;

  constructor(options: {
    readonly outlet: Outlet;
    readonly subscription: Subscription;
    readonly history: History;
    readonly backpressure: Backpressure;
  }) {
    this.key = cohortKey(options.outlet, options.subscription);
    this.outlet = options.outlet;
    this.subscription = options.subscription;
    this.filterBytes = heldBytes(options.subscription.filters);
    this.#history = options.history;
    this.#backpressure = options.backpressure;
  }

  /**
   * A round has taken every matching entry up to this offset, except the entries that were never pending in this
   * cohort.
   */
  get horizon(): Offset {
    const next = this.#pending.first;
    return next === undefined ? this.#history.head : next.offset - 1;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** The time when the hub got the oldest pending entry, as {@link Entry.appliedAtMs}; undefined if none is pending. */
  get oldestPendingAtMs(): number | undefined {
    return this.#pending.first?.appliedAtMs;
  }

  /** As {@link Entry.acceptedAtMs} of the oldest pending entry; undefined if none is pending. */
  get acceptedAtMs(): number | undefined {
    return this.#pending.first?.acceptedAtMs;
  }

  /**
   * While `listening`, the cohort keeps matching entries for the next round. Otherwise the cohort keeps no entries, and
   * readers find the entries in history.
   */
  listen(listening: boolean): void {
    this.#listening = listening;
    if (listening) return;
    for (let index = 0; index < this.#pending.length; index += 1) {
      const entry = this.#pending.at(index);
      if (entry !== undefined) this.#backpressure.remove(entry);
    }
    this.#pending.clear();
    this.#backpressure.relieved();
  }

  /** Adds an entry that matches a filter. Adding the same entry again has no effect. */
  append(entry: Entry): void {
    if (this.#last === entry.offset) return;
    this.#last = entry.offset;
    if (!this.#listening || !mayRead(this.subscription.rights, entry.publication)) return;
    entry.readers += this.connections;
    this.#backpressure.add(entry);
    this.#pending.push(entry);
    if (this.#pending.length === 1) this.outlet.wake(this);
  }

  /** Compresses bytes of the format for this number of connections. Empty input stays empty. */
  coded(body: Buffer, members: number): Buffer {
    const { coding } = this.subscription;
    return coding === undefined || body.length === 0 ? body : coding.encode(body, members);
  }

  /**
   * Takes entries for the next round: as many as fit into `maxBytes` before compression, at least one. Undefined if
   * no entries are pending.
   */
  nextBatch(maxBytes: number): Batch | undefined {
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
      this.#backpressure.remove(entry);
    }
    this.#pending.drop(parts.length);
    this.#backpressure.relieved(first);
    const { acceptedAtMs } = first;
    return { body: this.coded(join(parts, bytes), this.connections), count: parts.length, acceptedAtMs };
  }
}

function join(parts: readonly Buffer[], bytes: number): Buffer {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts, bytes);
}
