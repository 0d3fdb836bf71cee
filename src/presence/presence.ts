import type { Clock } from "../clock.js";
import type { Cohort } from "../hub/cohort.js";
import type { Publication } from "../hub/publication.js";
import type { Metrics } from "../metrics.js";
import { gapEventType } from "../protocol.js";
import type { GapNotice } from "../protocol.js";
import { ActiveSubscriptions } from "./active-subscriptions.js";
import { DeliveryBudget } from "./delivery-budget.js";
import { describeSubscription, subscriptionEventType, topicsOf } from "./documents.js";
import type { Matcher, Subscriber } from "./subscriber.js";

export interface PresenceOptions {
  /** Publishes; the publication has its place when this returns. */
  readonly append: (publication: Publication) => void;
  /** Gives a publication its place, and nobody will see it. */
  readonly lose: (publication: Publication) => void;
  /** Who would be given a publication. */
  readonly audience: (publication: Publication) => Audience;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Events that may be delivered in a second, each counted as often as it is delivered. */
  readonly deliveriesPerSecond: number;
}

/** What comes and goes in less, nobody hears of; changes that come together are told in one turn. */
const mergeMs = 100;

/** Changes for which nothing is left wait so long, and go out together: one write to each reader, not ten. */
const restMs = 1000;

/** A change that has waited so long for its turn is lost, and all that wait with it, so that no backlog grows. */
const patienceMs = 2000;

/** Events that are published, or lost, in one turn of the event loop: some 20 ms. */
const eventsPerTurn = 1000;

/** A gap is told on so many topics at once. */
const topicsPerGap = 100;

/** Who would be given a publication: a cohort, as far as that counts here. */
type Audience = ReadonlySet<Pick<Cohort, "key" | "connections">>;

interface SubscriptionEvent {
  readonly publication: Publication;
  readonly audience: Audience;
  /** How many connections it would go to. */
  readonly deliveries: number;
}

interface Change {
  readonly active: boolean;
  readonly sinceMs: number;
}

/**
 * Tells whoever may know which subscriptions begin and end: an event for each, private, to the topics of its own. They
 * are told as they come while that costs less than the budget; then they wait, and what waits too long is lost: its
 * readers are told one gap, and have to ask anew who is there.
 */
export class Presence {
  /** What has been told: the state that belongs to the present position, so that events continue it. */
  readonly active = new ActiveSubscriptions();
  readonly #options: PresenceOptions;
  readonly #budget: DeliveryBudget;
  /** In the order in which they came. */
  readonly #changes = new Map<Subscriber, Change>();
  /** Cohorts that have lost events and are to be told so, by their keys, with topics that reach them. */
  readonly #untold = new Map<string, Publication["topics"]>();
  /** All changes up to this time are being lost. */
  #losingUpToMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isScheduled = false;
  #isClosed = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    const { clock, deliveriesPerSecond } = options;
    this.#budget = new DeliveryBudget({ perSecond: deliveriesPerSecond, clock });
  }

  /** A stream has been opened. What this returns is to be called once, when it has ended. */
  enter(subscriber: Subscriber): () => void {
    this.#change(subscriber, true);
    return () => {
      // Nobody has heard of what has not been told yet.
      if (this.#changes.get(subscriber)?.active === true) this.#changes.delete(subscriber);
      else this.#change(subscriber, false);
    };
  }

  /** Tells nothing more: the streams of a hub that stops end all together. */
  close(): void {
    this.#isClosed = true;
    this.#changes.clear();
  }

  #change(subscriber: Subscriber, active: boolean): void {
    if (this.#isClosed) return;
    const sinceMs = this.#options.clock.monotonic();
    this.#changes.set(subscriber, { active, sinceMs });
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
    let room = eventsPerTurn;
    for (const [subscriber, change] of this.#changes) {
      if (room <= 0 || !this.#tellOf(subscriber, change)) break;
      room -= subscriber.matchers.length;
      this.#changes.delete(subscriber);
      if (change.active) this.active.add(subscriber);
      else this.active.remove(subscriber);
    }
    this.#tellGap();
    metrics.gauge("subscriptions", this.active.size);
    if (this.#changes.size > 0) this.#schedule(room <= 0 ? 0 : restMs);
  }

  /** False when this has to wait. */
  #tellOf(subscriber: Subscriber, { active, sinceMs }: Change): boolean {
    const events = subscriber.matchers.map((matcher) => this.#eventOf(subscriber, matcher, active));
    const deliveries = events.reduce((sum, event) => sum + event.deliveries, 0);
    if (sinceMs > this.#losingUpToMs) {
      if (this.#budget.pay(deliveries)) {
        for (const event of events) this.#publish(event);
        return true;
      }
      if (this.#lastMs - sinceMs < patienceMs) return false;
      this.#losingUpToMs = this.#lastMs;
    }
    for (const event of events) {
      if (event.deliveries === 0) this.#publish(event);
      else this.#lose(event);
    }
    return true;
  }

  #eventOf(subscriber: Subscriber, matcher: Matcher, active: boolean): SubscriptionEvent {
    const document = describeSubscription(subscriber, matcher, active);
    const publication = {
      topics: topicsOf(document),
      type: subscriptionEventType,
      data: JSON.stringify(document),
      retain: false,
      private: true,
    };
    const audience = this.#options.audience(publication);
    let deliveries = 0;
    for (const { connections } of audience) deliveries += connections;
    return { publication, audience, deliveries };
  }

  #publish({ publication }: SubscriptionEvent): void {
    this.#options.append(publication);
    this.#options.metrics.count("subscription_events_total");
  }

  #lose({ publication, audience }: SubscriptionEvent): void {
    this.#options.lose(publication);
    this.#options.metrics.count("subscription_events_lost_total");
    for (const { key } of audience) {
      if (this.#untold.has(key)) continue;
      // This topic reaches all of its audience, and nobody who could not have read it.
      for (const other of audience) this.#untold.set(other.key, publication.topics);
      return;
    }
  }

  /** Once all that is being lost is lost. */
  #tellGap(): void {
    const [next] = this.#changes.values();
    if (this.#untold.size === 0 || (next !== undefined && next.sinceMs <= this.#losingUpToMs)) return;
    const topics = [...new Set([...this.#untold.values()].flat())];
    this.#untold.clear();
    for (let index = 0; index < topics.length; index += topicsPerGap) {
      const [first, ...others] = topics.slice(index, index + topicsPerGap);
      if (first !== undefined) this.#publishGap([first, ...others]);
    }
  }

  /** It names no topic: its readers may not all know of the same. */
  #publishGap(topics: Publication["topics"]): void {
    const notice: GapNotice = { reason: "too-many-changes", topics: [], more: true };
    const data = JSON.stringify(notice);
    this.#options.append({ topics, type: gapEventType, data, retain: false, private: true });
    this.#options.metrics.count("gaps_total", 1, { reason: notice.reason });
  }
}
