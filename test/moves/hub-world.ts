import { silentMetrics } from "../../src/base/metrics.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import { Polls } from "../../src/delivery/polls/polls.js";
import type { Gateway } from "../../src/gateway/gateway.js";
import { Hub } from "../../src/hub/hub.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import type { PublicationInput } from "../../src/hub/publications/publication.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import type { HistoryLimits } from "../../src/limits/history.js";
import { Stamps } from "../../src/protocols/push-stream/messages/stamps.js";
import type { Stamp } from "../../src/protocols/push-stream/messages/stamps.js";
import { parseCursorId } from "./clients/push-stream-clients.js";
import type { PushStreamCursor } from "./clients/push-stream-clients.js";
import { createMovesGateway } from "./moves-gateway.js";
import type { ScheduledClock } from "./scheduled-clock.js";
import { ScheduledVerifier } from "./tokens.js";

/** A publication as the journal has stored it. */
export interface Published {
  readonly offset: number;
  readonly stamp: Stamp;
  readonly topics: readonly string[];
  readonly isPrivate: boolean;
}

/** The limit of the response to a poll, in bytes. A few publications, or a gap, fill a response. */
const pageBytes = 300;

/** The hub's process without its fronts: journal, hub, polls, and a gateway with all transports. */
export class HubWorld {
  readonly clock: ScheduledClock;
  readonly verifier: ScheduledVerifier;
  readonly hub: Hub;
  readonly polls: Polls;
  readonly gateway: Gateway;
  readonly published: Published[] = [];
  readonly #journal: MemoryJournal;
  readonly #stamps: Stamps;
  readonly #offsets = new Map<string, number>();

  constructor(clock: ScheduledClock, history: Partial<HistoryLimits> = {}) {
    const epoch = parseEpoch("e");
    if (epoch === undefined) throw new Error("e is an epoch");
    this.clock = clock;
    this.verifier = new ScheduledVerifier(clock);
    const metrics = silentMetrics;
    this.#journal = new MemoryJournal({
      epochs: EpochChain.of(epoch),
      clock,
      metrics,
      limits: { ...defaultHistoryLimits, ...history },
    });
    this.#stamps = new Stamps(() => clock.now());
    this.hub = new Hub({ history: this.#journal.history, clock });
    this.#journal.follow(this.#stamps);
    this.#journal.follow(this.hub);
    this.polls = new Polls({
      hub: this.hub,
      clock,
      metrics,
      limits: { roundBytes: pageBytes },
      pageCacheBytes: 64 * 1024,
    });
    this.gateway = createMovesGateway({
      clock,
      verifier: this.verifier,
      journal: this.#journal,
      stamps: this.#stamps,
      hub: this.hub,
      polls: this.polls,
    });
  }

  get head(): number {
    return this.#journal.history.head;
  }

  publish(input: Omit<PublicationInput, "data">, bytes: number): void {
    const publication = parsePublication({ ...input, data: "x".repeat(bytes) });
    const { offset, id } = this.#journal.append(publication);
    this.#offsets.set(id, offset);
    const { topics, private: isPrivate } = publication;
    this.published.push({ offset, stamp: this.#stamps.of(offset), topics, isPrivate });
  }

  /** The offset up to which a client with this id, or with this cursor, has everything. */
  offsetOf(id: string): number {
    const cursor = parseCursorId(id);
    if (cursor !== undefined) return this.#offsetOfStamp(cursor);
    if (id.startsWith("before ")) return this.offsetOf(id.slice("before ".length)) - 1;
    const pollCursor = /^#told,[^,]*,[^,]*,([^,]+)|^#opening,[^,]*,[^,]+,[^,]+,([^,]+)/.exec(id);
    if (pollCursor !== null) return this.offsetOf(pollCursor[1] ?? pollCursor[2] ?? "");
    const position = /^#e:(\d+)$/.exec(id);
    const offset = position === null ? this.#offsets.get(id) : Number(position[1]);
    if (offset === undefined) throw new Error(`nothing was published with the id ${id}`);
    return offset;
  }

  #offsetOfStamp({ time: date, tag: digits, eventid }: PushStreamCursor): number {
    const [time, tag] = [Date.parse(date) / 1000, Number(digits)];
    const last = this.published.findLast(
      ({ stamp }) => stamp.time < time || (stamp.time === time && stamp.tag <= tag),
    );
    const offset = last?.offset ?? 0;
    if (eventid !== "" && this.#offsets.get(eventid) !== offset)
      throw new Error(`the message ${eventid} has the stamp of the publication ${offset}`);
    return offset;
  }
}
