import type { Clock } from "../base/clock.js";
import { TurnBudget } from "../base/turn-budget.js";
import { isBelow } from "../hub/filters/filter-overlap.js";
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
  /** Where presence events are published. Its follower passes each entry on to {@link Presence.delivered}. */
  readonly journal: Pick<Journal, "append" | "evictAll">;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Events that may be delivered in a second, each counted as often as it is delivered. */
  readonly deliveriesPerSecond: number;
}

/** What comes and goes in less, nobody hears of; changes that come together are told in one turn. */
const mergeMs = 100;

/** Changes for which nothing is left wait so long, and go out together: one write to each reader, not ten. */
const restMs = 1000;

/** When a change has waited so long for its turn, all that wait are lost, so that no backlog grows. */
const patienceMs = 2000;

/** How long one turn of the event loop is spent on this. */
const turnMs = 10;

/** After a turn that was not enough, others get four times as long: readers with rights of their own make events dear. */
const restShare = 4;

const gapNotice = { reason: "too-many-changes", topics: [], more: true } as const satisfies GapNotice;

interface Change {
  readonly active: boolean;
  readonly sinceMs: number;
}

/**
 * Tells whoever may know which subscriptions begin and end: an event for each, private, to the topics of its own. They
 * are told as they come while that costs less than the budget; then they wait, and what waits too long is lost: everybody
 * who may see subscriptions is told one gap, those who are away when they come back, and has to ask anew who is there.
 */
export class Presence {
  /** What has been told: the state that belongs to the present position, so that events continue it. */
  readonly active = new ActiveSubscriptions();
  readonly #options: PresenceOptions;
  readonly #budget: DeliveryBudget;
  readonly #turnBudget: TurnBudget;
  /** In the order in which they came. */
  readonly #changes = new Map<ActiveSubscription, Change>();
  /** All changes up to this time are being lost. */
  #losingUpToMs = Number.NEGATIVE_INFINITY;
  /** True when something is lost of which nobody was told. */
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

  /** A stream has been opened. What this returns is to be called once, when it has ended. */
  enter(subscriber: Subscriber): () => void {
    const subscriptions = subscriber.matchers.map((matcher) => ({ subscriber, matcher }));
    for (const subscription of subscriptions) this.#change(subscription, true);
    return () => {
      for (const subscription of subscriptions) {
        // Nobody has heard of what has not been told yet.
        if (this.#changes.get(subscription)?.active === true) this.#changes.delete(subscription);
        else this.#change(subscription, false);
      }
    };
  }

  /** The hub has delivered an entry of the journal. Presence events among them are paid for by the budget. */
  delivered({ publication: { topics, type }, readers }: Entry): void {
    const [topic] = topics;
    if (topic === subscriptionsTopic && type === gapEventType)
      this.#options.metrics.count("gaps_total", readers, { reason: gapNotice.reason });
    else if (topic === undefined || !isBelow(topic, subscriptionsTopic)) return;
    this.#budget.spend(readers);
  }

  /** Tells nothing more: the streams of a hub that stops end all together. */
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
    const tell = (): void => this.#tell();
    if (waitMs <= 0) clock.endOfTurn(tell);
    else clock.after(waitMs, tell);
  }

  #tell(): void {
    const { clock, metrics } = this.#options;
    this.#isScheduled = false;
    this.#lastMs = clock.monotonic();
    this.#turnBudget.start();
    this.#budget.earn(this.#lastMs);
    const [oldest] = this.#changes.values();
    if (oldest !== undefined && this.#lastMs - oldest.sinceMs > patienceMs) this.#losingUpToMs = this.#lastMs;
    for (const [subscription, change] of this.#changes) {
      if (this.#turnBudget.isUsedUp()) break;
      const isLost = change.sinceMs <= this.#losingUpToMs;
      if (!isLost && (this.#isGapDue || this.#budget.isSpent)) break;
      if (isLost) this.#lose();
      else this.#publish(subscription, change.active);
      this.#settle(subscription, change.active);
    }
    this.#tellGap();
    metrics.gauge("subscriptions", this.active.size);
    this.#scheduleNext();
  }

  #restMs(): number {
    const tookMs = this.#options.clock.monotonic() - this.#lastMs;
    if (tookMs >= turnMs) return restShare * tookMs;
    return this.#budget.isSpent ? restMs : 0;
  }

  #settle(subscription: ActiveSubscription, active: boolean): void {
    this.#changes.delete(subscription);
    if (active) this.active.add(subscription);
    else this.active.remove(subscription);
  }

  #publish(subscription: ActiveSubscription, active: boolean): void {
    const document = describeSubscription(subscription, active);
    this.#append({
      topics: topicsOf(document),
      type: subscriptionEventType,
      data: JSON.stringify(document),
      retain: false,
      private: true,
    });
    this.#options.metrics.count("subscription_events_total");
  }

  #lose(): void {
    this.#isGapDue = true;
    this.#options.metrics.count("subscription_events_lost_total");
  }

  /** Once all that is being lost is lost. It names no topic: its readers may not all know of the same. */
  #tellGap(): void {
    const [next] = this.#changes.values();
    if (!this.#isGapDue || (next !== undefined && next.sinceMs <= this.#losingUpToMs)) return;
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

  /** An event that cannot be stored is lost, so that a gap follows. */
  #append(publication: Publication): void {
    const receipt = this.#options.journal.append(publication);
    if (!(receipt instanceof Promise)) return;
    const stored: Promise<unknown> = receipt
      .catch(() => this.#lose())
      .finally(() => this.#unstored.delete(stored));
    this.#unstored.add(stored);
  }

  /** If the journal stores later, waits until it has stored this turn's events: their deliveries are known only then. */
  #scheduleNext(): void {
    const waitMs = this.#restMs();
    if (this.#unstored.size === 0) {
      if (this.#changes.size > 0) this.#schedule(waitMs);
      return;
    }
    this.#isScheduled = true;
    void Promise.all(this.#unstored).then(() => {
      this.#isScheduled = false;
      if (this.#isClosed) return;
      if (this.#isGapDue) this.#schedule(restMs);
      else if (this.#changes.size > 0) this.#schedule(waitMs);
    });
  }
}
