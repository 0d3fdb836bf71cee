import type { Clock } from "../base/clock.js";
import type { Metrics } from "../base/metrics.js";
import { TurnBudget } from "../base/turn-budget.js";
import type { Publication } from "../hub/publications/publication.js";
import type { Journal } from "../journal/journal.js";
import { gapEventType } from "../protocol.js";
import type { GapNotice } from "../protocol.js";
import { DeliveryBudget } from "./delivery-budget.js";
import type { PresenceEventLimits } from "./delivery-budget.js";
import { subscriptionEventType, subscriptionsTopic, topicsOf } from "./documents.js";
import type { SubscriptionDocument } from "./documents.js";

export interface PresenceEventsOptions<Subject> {
  readonly journal: Pick<Journal, "append" | "evictAll" | "note">;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The largest number of deliveries of presence events in one second. Read at each use. */
  readonly limits: PresenceEventLimits;
  /** The name of the part of the journal that takes the changes without an event. */
  readonly part: string;
  /** Called before a turn publishes changes. The journal has then stored all earlier ones. */
  readonly beforeTurn: () => void;
  /** The document of a change that is stored now; undefined if the change is not needed any more. */
  readonly announce: (subject: Subject, active: boolean) => SubscriptionDocument | undefined;
}

/**
 * The shortest time between two turns that publish changes, in milliseconds. All changes between two turns are
 * published in one turn. A subscription that starts and ends between two turns is not published.
 */
const mergeMs = 100;

/**
 * The pause after the budget is used up, in milliseconds. After the pause, several changes are published together: one
 * write to each reader, not ten.
 */
const pauseMs = 1000;

/**
 * The longest time that a change may wait, in milliseconds. After this time, presence drops all waiting changes, so
 * that no backlog grows. While the journal stores nothing, the time stands still.
 */
const longestWaitMs = 2000;

/** The time for presence in one turn of the event loop, in milliseconds. */
const turnMs = 10;

/**
 * The pause after a turn that used all of {@link turnMs}, as a multiple of the time used. Events are expensive if
 * many readers have individual rights.
 */
const pauseShare = 4;

/** The most changes in one note: 10 KB, or 500 KB if each has a large payload. A record takes at least 1 MiB. */
const changesPerNote = 32;

const gapNotice = { reason: "too-many-changes", topics: [], more: true } as const satisfies GapNotice;

interface Change {
  readonly active: boolean;
  readonly sinceMs: number;
}

/**
 * Publishes the start and the end of each subscription as private events on the subscription's own topics. Changes
 * above the budget wait. Changes that wait too long are dropped: the journal has them as notes, without events, and
 * every client that may see subscriptions gets one gap event, at once or when the client reconnects. After a gap event,
 * a client has to request the list again.
 */
export class PresenceEvents<Subject> {
  readonly #options: PresenceEventsOptions<Subject>;
  readonly #budget: DeliveryBudget;
  readonly #turnBudget: TurnBudget;
  /** The unpublished changes, in order. */
  readonly #changes = new Map<Subject, Change>();
  /** Changes up to this time are dropped. */
  #dropUpToMs = Number.NEGATIVE_INFINITY;
  /** The changes that were dropped and are not in the journal yet, in order. */
  #dropped: SubscriptionDocument[] = [];
  /** True if changes were dropped and the gap event was not published yet. */
  #isGapDue = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isScheduled = false;
  /** True if {@link wake} was called since the last turn. */
  #isWoken = false;
  /** The events of this hub that are not applied yet. */
  readonly #published = new Map<Publication, SubscriptionDocument>();
  /** Events and notes that the journal has not stored yet. */
  readonly #unstored = new Set<Promise<unknown>>();
  /** The time that the journal took to store events, in milliseconds. */
  #storingMs = 0;
  /** Undefined while the journal has stored everything. */
  #storingSinceMs: number | undefined;
  #isClosed = false;

  constructor(options: PresenceEventsOptions<Subject>) {
    this.#options = options;
    this.#budget = new DeliveryBudget(options.limits);
    this.#turnBudget = new TurnBudget(options.clock, turnMs);
  }

  /** Publishes a change, after all changes before. Replaces an unpublished change of the same subject. */
  change(subject: Subject, active: boolean): void {
    if (this.#isClosed) return;
    this.#changes.set(subject, { active, sinceMs: this.#waitClockMs });
    this.wake();
  }

  /** True if a change of the subject is not published yet. */
  isWaiting(subject: Subject): boolean {
    return this.#changes.has(subject);
  }

  /** True if the start of the subject was not published yet. Then nothing is published. */
  cancelStart(subject: Subject): boolean {
    return this.#changes.get(subject)?.active === true && this.#changes.delete(subject);
  }

  /** Schedules a turn, even if there is no change. */
  wake(): void {
    this.#isWoken = true;
    this.#schedule(this.#lastMs + mergeMs - this.#options.clock.monotonic());
  }

  /**
   * The document of an event that is applied now, if this hub has published the event; else undefined. Such an event need
   * not be parsed.
   */
  take(publication: Publication): SubscriptionDocument | undefined {
    const document = this.#published.get(publication);
    this.#published.delete(publication);
    return document;
  }

  /** Subtracts the deliveries of presence events from the budget. */
  spend(deliveries: number): void {
    this.#budget.spend(deliveries);
  }

  /** Counts the deliveries of a gap event, and subtracts them from the budget. */
  spendOnGap(deliveries: number): void {
    this.#options.metrics.count("gaps_total", deliveries, { reason: gapNotice.reason });
    this.spend(deliveries);
  }

  close(): void {
    this.#isClosed = true;
    this.#changes.clear();
    this.#published.clear();
    this.#dropped = [];
  }

  /** The time that counts for {@link longestWaitMs}. */
  get #waitClockMs(): number {
    return (this.#storingSinceMs ?? this.#options.clock.monotonic()) - this.#storingMs;
  }

  #schedule(waitMs: number): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    const { clock } = this.#options;
    const publish = (): void => this.#turn();
    if (waitMs <= 0) clock.endOfTurn(publish);
    else clock.after(waitMs, publish);
  }

  #turn(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    this.#lastMs = this.#options.clock.monotonic();
    this.#options.beforeTurn();
    this.#isWoken = false;
    this.#turnBudget.start();
    this.#budget.refill(this.#lastMs);
    const [oldest] = this.#changes.values();
    if (oldest !== undefined && this.#waitClockMs - oldest.sinceMs > longestWaitMs)
      this.#dropUpToMs = this.#waitClockMs;
    this.#publishChanges();
    this.#noteDropped();
    this.#publishGap();
    this.#scheduleNext();
  }

  #publishChanges(): void {
    for (const [subject, change] of this.#changes) {
      if (this.#turnBudget.isUsedUp()) return;
      const isDropped = change.sinceMs <= this.#dropUpToMs;
      if (!isDropped && (this.#isGapDue || this.#budget.isSpent)) return;
      this.#changes.delete(subject);
      const document = this.#options.announce(subject, change.active);
      if (document === undefined) continue;
      if (isDropped) this.#drop([document]);
      else this.#publish(document);
    }
  }

  #publish(document: SubscriptionDocument): void {
    const publication: Publication = {
      topics: topicsOf(document),
      type: subscriptionEventType,
      data: JSON.stringify(document),
      retain: false,
      private: true,
    };
    this.#published.set(publication, document);
    this.#await(this.#options.journal.append(publication), [document]);
    this.#options.metrics.count("subscription_events_total");
  }

  #drop(documents: readonly SubscriptionDocument[]): void {
    this.#isGapDue = true;
    this.#dropped.push(...documents);
    this.#options.metrics.count("subscription_events_lost_total", documents.length);
  }

  #noteDropped(): void {
    const { journal, part } = this.#options;
    while (this.#dropped.length > 0) {
      const documents = this.#dropped.splice(0, changesPerNote);
      this.#await(journal.note(part, documents), documents);
    }
  }

  /**
   * Publishes the gap after the last dropped change. The gap event names no topic, because readers may have different
   * rights.
   */
  #publishGap(): void {
    const [next] = this.#changes.values();
    if (!this.#isGapDue || (next !== undefined && next.sinceMs <= this.#dropUpToMs)) return;
    this.#isGapDue = false;
    const receipt = this.#options.journal.append({
      topics: [subscriptionsTopic],
      type: gapEventType,
      data: JSON.stringify(gapNotice),
      retain: false,
      private: false,
    });
    this.#await(receipt, []);
    this.#options.journal.evictAll(subscriptionsTopic);
  }

  /** Remembers what the journal has not stored yet. What it cannot store counts as dropped. */
  #await(stored: unknown, documents: readonly SubscriptionDocument[]): void {
    if (!(stored instanceof Promise)) return;
    const settled: Promise<unknown> = stored
      .catch(() => this.#drop(documents))
      .finally(() => this.#unstored.delete(settled));
    this.#unstored.add(settled);
  }

  /**
   * Schedules the next turn. If the journal stores events asynchronously, the next turn waits until this turn's
   * events are stored. Only then is the number of their deliveries known.
   */
  #scheduleNext(): void {
    const { clock } = this.#options;
    const waitMs = this.#pauseMs();
    if (this.#unstored.size === 0) {
      if (this.#hasWork) this.#schedule(waitMs);
      return;
    }
    this.#isScheduled = true;
    this.#storingSinceMs = clock.monotonic();
    void Promise.all(this.#unstored).then(() => {
      this.#isScheduled = false;
      this.#storingMs += clock.monotonic() - (this.#storingSinceMs ?? 0);
      this.#storingSinceMs = undefined;
      if (this.#isGapDue) this.#schedule(pauseMs);
      else if (this.#hasWork) this.#schedule(waitMs);
    });
  }

  get #hasWork(): boolean {
    return this.#isWoken || this.#changes.size > 0;
  }

  #pauseMs(): number {
    const tookMs = this.#options.clock.monotonic() - this.#lastMs;
    if (tookMs >= turnMs) return pauseShare * tookMs;
    return this.#budget.isSpent ? pauseMs : 0;
  }
}
