import { copyInSteps } from "../base/turn-budget.js";
import type { Entry } from "../hub/publications/entry.js";
import { isBelow } from "../hub/topics/topic.js";
import type { SavedItems, SnapshotPart } from "../journal/snapshot-part.js";
import { gapEventType } from "../protocol.js";
import { ActiveSubscriptions } from "./active-subscriptions.js";
import type { ListedSubscription } from "./active-subscriptions.js";
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
import type { PresenceNodes } from "./presence-nodes.js";
import { createSubscriberId, nodeOfSubscriber } from "./subscriber-id.js";
import type { ActiveSubscription, Subscriber } from "./subscriber.js";

/** A subscription of a stream of this hub. */
interface OwnSubscription extends ActiveSubscription {
  /** The document of its start event. */
  document?: SubscriptionDocument;
}

/** A subscription of this hub, or of a hub that has ended. */
type Subject = OwnSubscription | ListedSubscription;

export interface PresenceOptions extends Pick<
  PresenceEventsOptions<Subject>,
  "journal" | "clock" | "metrics" | "limits"
> {
  readonly nodes: PresenceNodes;
}

/**
 * Reports the subscriptions of this hub's streams in the journal, and follows the reports of all hubs. Presence is a
 * follower of the journal, after the hub, and a part of the journal.
 *
 * The subscriptions of a hub that has ended stay listed until another hub reports their ends. This is the live hub with
 * the smallest name, so if it ends too, the next one goes on. A hub that was only cut off reports the starts of its own
 * subscriptions again.
 */
export class Presence implements SnapshotPart {
  readonly name = "subscriptions";
  /**
   * The subscriptions after all presence events so far. A client that has this list can apply all later events to the
   * list.
   */
  readonly active = new ActiveSubscriptions();
  readonly #options: PresenceOptions;
  readonly #events: PresenceEvents<Subject>;
  /** The subscriptions of this hub whose last reported change is a start, by the ids of their documents. */
  readonly #reported = new Map<string, OwnSubscription>();
  /** The ids of subscriptions of this hub whose end another hub may have reported. */
  readonly #endedByOthers = new Set<string>();
  #isBegun = false;
  /** True if this hub reports the ends for hubs that have ended. */
  #endsForOthers = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#events = new PresenceEvents({
      ...options,
      part: this.name,
      beforeTurn: () => this.#review(),
      announce: (subject, active) =>
        "node" in subject ? this.#announceEnd(subject) : this.#announceOwn(subject, active),
    });
    options.nodes.onChange(() => this.#events.wake());
  }

  /** Call this when the journal is open. Then presence reports the ends for hubs that have ended. */
  begin(): void {
    this.#isBegun = true;
    this.#events.wake();
  }

  /** The id of a new subscriber of this hub. */
  createSubscriberId(): string {
    return createSubscriberId(this.#options.nodes.self);
  }

  /** Call this when a stream is opened. Call the returned function once, when the stream has ended. */
  enter(subscriber: Subscriber): () => void {
    const subscriptions = subscriber.matchers.map((matcher): OwnSubscription => ({ subscriber, matcher }));
    for (const subscription of subscriptions) this.#events.change(subscription, true);
    return () => {
      for (const subscription of subscriptions)
        if (!this.#events.cancelStart(subscription)) this.#events.change(subscription, false);
    };
  }

  /** Applies a presence event. The journal calls this after the hub has delivered the entry. */
  apply({ publication, readers }: Entry): void {
    const { topics, type } = publication;
    const [topic] = topics;
    if (topic === subscriptionsTopic && type === gapEventType) this.#events.spendOnGap(readers);
    if (type !== subscriptionEventType || !isBelow(topic, subscriptionsTopic)) return;
    this.#events.spend(readers);
    this.#apply(this.#events.take(publication) ?? parseSubscription(publication.data));
  }

  /** Applies changes that were dropped. */
  note(value: unknown): void {
    for (const document of Array.isArray(value) ? value : []) this.#apply(storedSubscription(document));
  }

  /** The number of listed subscriptions of this hub's clients. */
  get own(): number {
    return this.active.ofNode(this.#options.nodes.self).size;
  }

  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  *#copy(): Generator<undefined, Iterable<unknown>> {
    const documents: SubscriptionDocument[] = [];
    yield* copyInSteps(this.active.all(), ({ document }) => void documents.push(document));
    return documents;
  }

  load(item: unknown): void {
    this.#apply(storedSubscription(item));
  }

  /** Stops publishing, because all streams end when a hub stops. */
  close(): void {
    this.#events.close();
  }

  #apply(document: SubscriptionDocument): void {
    const { nodes } = this.#options;
    const node = nodeOfSubscriber(document.subscriber);
    if (node === undefined) return;
    if (document.active) this.active.add(document, node);
    else this.active.remove(document.id);
    if (!document.active && this.#reported.has(document.id)) this.#endedByOthers.add(document.id);
    if (this.#endedByOthers.size > 0 || !nodes.isLive(node)) this.#events.wake();
  }

  /** Finds what this hub has to report besides the changes of its streams. */
  #review(): void {
    for (const id of this.#endedByOthers) this.#restore(id);
    this.#endedByOthers.clear();
    this.#endsForOthers = this.#isBegun && this.#options.nodes.isFirst;
    if (!this.#endsForOthers) return;
    for (const node of this.active.nodes()) {
      if (this.#options.nodes.isLive(node)) continue;
      for (const listed of this.active.ofNode(node))
        if (!this.#events.isWaiting(listed)) this.#events.change(listed, false);
    }
  }

  /** Reports the start of an open subscription again. */
  #restore(id: string): void {
    const own = this.#reported.get(id);
    if (own === undefined || this.active.get(id) !== undefined || this.#events.isWaiting(own)) return;
    this.#reported.delete(id);
    this.#events.change(own, true);
  }

  #announceOwn(own: OwnSubscription, active: boolean): SubscriptionDocument {
    own.document ??= describeSubscription(own, true);
    if (active) this.#reported.set(own.document.id, own);
    else this.#reported.delete(own.document.id);
    return active ? own.document : { ...own.document, active };
  }

  /** The end of a hub's subscription; undefined if the hub lives, or if another hub reports the end. */
  #announceEnd(listed: ListedSubscription): SubscriptionDocument | undefined {
    const { document, node } = listed;
    if (this.#options.nodes.isLive(node) || !this.#endsForOthers) return undefined;
    return this.active.get(document.id) === listed ? { ...document, active: false } : undefined;
  }
}
