import type { Clock } from "../base/clock.js";
import { TurnBudget } from "../base/turn-budget.js";
import { isBelow } from "../hub/topics/topic.js";
import type { Entry } from "../hub/publications/entry.js";
import type { Publication } from "../hub/publications/publication.js";
import type { Journal } from "../journal/journal.js";
import type { Metrics } from "../base/metrics.js";
import { gapEventType } from "../protocol.js";
import type { GapNotice } from "../protocol.js";
import { ActiveSubscriptions } from "./active-subscriptions.js";
import { DeliveryBudget } from "./delivery-budget.js";
import { describeSubscription, subscriptionEventType, subscriptionsTopic, topicsOf } from "./documents.js";
import type { Subscriber, ActiveSubscription } from "./subscriber.js";

export interface PresenceOptions {
  /** The journal to which presence appends its events. Presence is a follower of this journal, after the hub. */
  readonly journal: Pick<Journal, "append" | "evictAll">;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The largest number of deliveries of presence events in one second. */
  readonly deliveriesPerSecond: number;
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
 * that no backlog grows.
 */
const longestWaitMs = 2000;

/** The time for presence in one turn of the event loop, in milliseconds. */
const turnMs = 10;

/**
 * The pause after a turn that used all of {@link turnMs}, as a multiple of the time used. Events are expensive if
 * many readers have individual rights.
 */
const pauseShare = 4;

const gapNotice = { reason: "too-many-changes", topics: [], more: true } as const satisfies GapNotice;

interface PublishedChange {
  readonly active: boolean;
  /** Changes the list of subscriptions. */
  readonly record: () => void;
}

interface Change {
  readonly active: boolean;
  readonly sinceMs: number;
}

/**
 * Publishes the start and the end of each subscription as private events on the subscription's own topics. Changes
 * above the budget wait. Changes that wait too long are dropped. Then every client that may see subscriptions gets one
 * gap event, at once or when the client reconnects. After a gap event, a client has to request the list again.
 */
export class Presence {
  /**
   * The subscriptions after all changes published or dropped so far. A client that has this list can apply all later
   * events to the list.
   */
  readonly active = new ActiveSubscriptions();
  readonly #options: PresenceOptions;
  readonly #budget: DeliveryBudget;
  readonly #turnBudget: TurnBudget;
  /** The unpublished changes, in order. */
  readonly #changes = new Map<ActiveSubscription, Change>();
  /** Changes up to this time are dropped. */
  #dropUpToMs = Number.NEGATIVE_INFINITY;
  /** True if changes were dropped and the gap event was not published yet. */
  #isGapDue = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isScheduled = false;
  /** Events that the journal has not stored yet. */
  readonly #unstored = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#budget = new DeliveryBudget(options.deliveriesPerSecond);
    this.#turnBudget = new TurnBudget(options.clock, turnMs);
  }

  /**
   * Publishes a gap event. Call this at a start if the journal has entries of an earlier run: the subscriptions of that
   * run have ended, and no event has said so.
   */
  resume(): void {
    this.#isGapDue = true;
    this.#schedule(0);
  }

  /** Call this when a stream is opened. Call the returned function once, when the stream has ended. */
  enter(subscriber: Subscriber): () => void {
    const subscriptions = subscriber.matchers.map((matcher) => ({ subscriber, matcher }));
    for (const subscription of subscriptions) this.#change(subscription, true);
    return () => {
      for (const subscription of subscriptions) {
        // If no event reported the start of the subscription, no event needs to report the end.
        if (this.#changes.get(subscription)?.active === true) this.#changes.delete(subscription);
        else this.#change(subscription, false);
      }
    };
  }

  /**
   * Subtracts the deliveries of presence events from the budget. The journal calls this after the hub has delivered the
   * entry.
   */
  apply({ publication: { topics, type }, readers }: Entry): void {
    const [topic] = topics;
    if (topic === subscriptionsTopic && type === gapEventType)
      this.#options.metrics.count("gaps_total", readers, { reason: gapNotice.reason });
    else if (topic === undefined || !isBelow(topic, subscriptionsTopic)) return;
    this.#budget.spend(readers);
  }

  /** Stops publishing, because all streams end when a hub stops. */
  close(): void {
    this.#isClosed = true;
    this.#changes.clear();
  }

  #change(subscription: ActiveSubscription, active: boolean): void {
    if (this.#isClosed) return;
    const sinceMs = this.#options.clock.monotonic();
    this.#changes.set(subscription, { active, sinceMs });
    this.#schedule(this.#lastMs + mergeMs - sinceMs);
  }

  #schedule(waitMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const { clock } = this.#options;
    const publish = (): void => this.#publishChanges();
    if (waitMs <= 0) clock.endOfTurn(publish);
    else clock.after(waitMs, publish);
  }

  #publishChanges(): void {
    const { clock, metrics } = this.#options;
    this.#isScheduled = false;
    this.#lastMs = clock.monotonic();
    this.#turnBudget.start();
    this.#budget.refill(this.#lastMs);
    const [oldest] = this.#changes.values();
    if (oldest !== undefined && this.#lastMs - oldest.sinceMs > longestWaitMs)
      this.#dropUpToMs = this.#lastMs;
    for (const [subscription, change] of this.#changes) {
      if (this.#turnBudget.isUsedUp()) break;
      const isDropped = change.sinceMs <= this.#dropUpToMs;
      if (!isDropped && (this.#isGapDue || this.#budget.isSpent)) break;
      this.#changes.delete(subscription);
      const record = (): void => this.#record(subscription, change.active);
      if (isDropped) this.#drop();
      else this.#publish(subscription, { active: change.active, record });
      if (isDropped) record();
    }
    this.#publishGap();
    metrics.gauge("subscriptions", this.active.size);
    this.#scheduleNext();
  }

  #pauseMs(): number {
    const tookMs = this.#options.clock.monotonic() - this.#lastMs;
    if (tookMs >= turnMs) return pauseShare * tookMs;
    return this.#budget.isSpent ? pauseMs : 0;
  }

  #record(subscription: ActiveSubscription, active: boolean): void {
    if (active) this.active.add(subscription);
    else this.active.remove(subscription);
  }

  #publish(subscription: ActiveSubscription, { active, record }: PublishedChange): void {
    const document = describeSubscription(subscription, active);
    const publication: Publication = {
      topics: topicsOf(document),
      type: subscriptionEventType,
      data: JSON.stringify(document),
      retain: false,
      private: true,
    };
    this.#append(publication, record);
    this.#options.metrics.count("subscription_events_total");
  }

  #drop(): void {
    this.#isGapDue = true;
    this.#options.metrics.count("subscription_events_lost_total");
  }

  /**
   * Publishes the gap after the last dropped change. The gap event names no topic, because readers may have different
   * rights.
   */
  #publishGap(): void {
    const [next] = this.#changes.values();
    if (!this.#isGapDue || (next !== undefined && next.sinceMs <= this.#dropUpToMs)) return;
    this.#isGapDue = false;
    this.#append({
      topics: [subscriptionsTopic],
      type: gapEventType,
      data: JSON.stringify(gapNotice),
      retain: false,
      private: false,
    });
    this.#options.journal.evictAll(subscriptionsTopic);
  }

  /**
   * Appends an event. If the journal cannot store the event, a gap event follows.
   *
   * @param record called when the journal has the event: a list of subscriptions names the position up to which it
   *   includes all events
   */
  #append(publication: Publication, record = (): void => undefined): void {
    const receipt = this.#options.journal.append(publication);
    if (!(receipt instanceof Promise)) {
      record();
      return;
    }
    const stored: Promise<unknown> = receipt
      .catch(() => this.#drop())
      .then(record)
      .finally(() => this.#unstored.delete(stored));
    this.#unstored.add(stored);
  }

  /**
   * Schedules the next turn. If the journal stores events asynchronously, the next turn waits until this turn's
   * events are stored. Only then is the number of their deliveries known.
   */
  #scheduleNext(): void {
    const waitMs = this.#pauseMs();
    if (this.#unstored.size === 0) {
      if (this.#changes.size > 0) this.#schedule(waitMs);
      return;
    }
    this.#isScheduled = true;
    void Promise.all(this.#unstored).then(() => {
      this.#isScheduled = false;
      if (this.#isClosed) return;
      if (this.#isGapDue) this.#schedule(pauseMs);
      else if (this.#changes.size > 0) this.#schedule(waitMs);
    });
  }
}
