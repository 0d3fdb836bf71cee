import type { Entry } from "../hub/publications/entry.js";
import { isBelow } from "../hub/topics/topic.js";
import type { SnapshotPart } from "../journal/snapshot-part.js";
import { gapEventType } from "../protocol.js";
import { ActiveSubscriptions } from "./active-subscriptions.js";
import {
  describeSubscription,
  parseSubscription,
  subscriptionEventType,
  storedSubscription,
  subscriptionsTopic,
} from "./documents.js";
import type { SubscriptionDocument } from "./documents.js";
import { PresenceEvents } from "./presence-events.js";
import type { PresenceEventsOptions } from "./presence-events.js";
import { createSubscriberId, nodeOfSubscriber } from "./subscriber-id.js";
import type { ActiveSubscription, Subscriber } from "./subscriber.js";

export interface PresenceOptions extends Pick<
  PresenceEventsOptions<ActiveSubscription>,
  "journal" | "clock" | "metrics" | "deliveriesPerSecond"
> {
  /** The name of this run of the hub: 12 hexadecimal digits, random at each start. */
  readonly node: string;
}

/**
 * Reports the subscriptions of this hub's streams in the journal, and follows the reports of all hubs. Presence is a
 * follower of the journal, after the hub, and a part of the journal.
 */
export class Presence implements SnapshotPart {
  readonly name = "subscriptions";
  /**
   * The subscriptions after all presence events so far. A client that has this list can apply all later events to the
   * list.
   */
  readonly active = new ActiveSubscriptions();
  readonly #options: PresenceOptions;
  readonly #events: PresenceEvents<ActiveSubscription>;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#events = new PresenceEvents({
      ...options,
      part: this.name,
      beforeTurn: () => undefined,
      announce: describeSubscription,
    });
  }

  /**
   * Publishes a gap event. Call this at a start if the journal has entries of an earlier run: the subscriptions of that
   * run have ended, and no event has said so.
   */
  resume(): void {
    this.#events.tellGap();
  }

  /** The id of a new subscriber of this hub. */
  createSubscriberId(): string {
    return createSubscriberId(this.#options.node);
  }

  /** Call this when a stream is opened. Call the returned function once, when the stream has ended. */
  enter(subscriber: Subscriber): () => void {
    const subscriptions = subscriber.matchers.map((matcher) => ({ subscriber, matcher }));
    for (const subscription of subscriptions) this.#events.change(subscription, true);
    return () => {
      for (const subscription of subscriptions)
        if (!this.#events.cancelStart(subscription)) this.#events.change(subscription, false);
    };
  }

  /** Applies a presence event. The journal calls this after the hub has delivered the entry. */
  apply({ publication: { topics, type, data }, readers }: Entry): void {
    const [topic] = topics;
    if (topic === subscriptionsTopic && type === gapEventType) this.#events.spendOnGap(readers);
    if (type !== subscriptionEventType || !isBelow(topic, subscriptionsTopic)) return;
    this.#events.spend(readers);
    this.#apply(parseSubscription(data));
  }

  /** Applies changes that were dropped. */
  note(value: unknown): void {
    for (const document of Array.isArray(value) ? value : []) this.#apply(storedSubscription(document));
  }

  save(): Iterable<unknown> {
    return [...this.active.all()].map(({ document }) => document);
  }

  load(item: unknown): void {
    this.#apply(storedSubscription(item));
  }

  /** Stops publishing, because all streams end when a hub stops. */
  close(): void {
    this.#events.close();
  }

  #apply(document: SubscriptionDocument): void {
    const { node, metrics } = this.#options;
    if (nodeOfSubscriber(document.subscriber) !== node) return;
    if (document.active) this.active.add(document, node);
    else this.active.remove(document.id);
    metrics.gauge("subscriptions", this.active.ofNode(node).size);
  }
}
