import { parseHubTopic } from "../hub/topics/topic.js";
import type { Topic } from "../hub/topics/topic.js";
import { SnapshotItem } from "../journal/snapshot-item.js";
import { mercurePath } from "../protocol.js";
import type { ActiveSubscription } from "./subscriber.js";

/**
 * The topic of presence. The topics of presence events are below this topic. Each such topic is also the path of a
 * subscription in the subscriptions API.
 */
export const subscriptionsTopic = parseHubTopic(`${mercurePath}/subscriptions`);

/** A subscription in presence events and in the subscriptions API [draft-dunglas-mercure-08, Active Subscriptions]. */
export interface SubscriptionDocument {
  /** The topic of the subscription, which is also its path in the subscriptions API. */
  readonly id: string;
  readonly type: "subscription";
  readonly match_type: string;
  readonly match: string;
  readonly subscriber: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

/** A subscription in the older form [draft-dunglas-mercure-07, Active Subscriptions]. */
export interface OlderSubscriptionDocument {
  readonly id: string;
  readonly type: "Subscription";
  readonly subscriber: string;
  readonly topic: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

/** The event type of presence events in the current form. Publishers may not use this type. */
export const subscriptionEventType = "mercure";

/** The JSON-LD context of the older form's documents. */
export const olderContext = "https://mercure.rocks/";

export function describeSubscription(
  { subscriber, matcher: { type, text } }: ActiveSubscription,
  active: boolean,
): SubscriptionDocument {
  const payload = subscriber.payloadFor(text);
  return {
    id: subscriptionPath([type, text, subscriber.id]),
    type: "subscription",
    match_type: type,
    match: text,
    subscriber: subscriber.id,
    active,
    ...(payload === undefined ? {} : { payload }),
  };
}

/** Reads the data of an event of {@link subscriptionEventType}, which only the hub itself publishes. */
export function parseSubscription(data: string): SubscriptionDocument {
  return JSON.parse(data) as SubscriptionDocument;
}

/**
 * Reads a document that a hub has stored in the journal without an event.
 *
 * @throws PharosError `bad-snapshot` if a field is missing or has another type
 */
export function storedSubscription(value: unknown): SubscriptionDocument {
  const fields = new SnapshotItem("subscriptions", value);
  return {
    id: fields.text("id"),
    type: "subscription",
    match_type: fields.text("match_type"),
    match: fields.text("match"),
    subscriber: fields.text("subscriber"),
    active: fields.flag("active"),
    ...(fields.has("payload") ? { payload: fields.value("payload") } : {}),
  };
}

export function asOlder(document: SubscriptionDocument): OlderSubscriptionDocument {
  const { match: topic, subscriber, active, payload } = document;
  return {
    id: subscriptionPath([topic, subscriber]),
    type: "Subscription",
    subscriber,
    topic,
    active,
    ...(payload === undefined ? {} : { payload }),
  };
}

/** The topics of a subscription's events: first the topic of the current form, then the topic of the older form. */
export function topicsOf(document: SubscriptionDocument): readonly [Topic, Topic] {
  return [asTopic(document.id), asTopic(asOlder(document).id)];
}

/**
 * The path of a subscription with these segments. In each segment, all characters except unreserved characters are
 * escaped.
 */
export function subscriptionPath(segments: readonly string[]): string {
  return [subscriptionsTopic, ...segments.map(encodeSegment)].join("/");
}

function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Reads a path as a topic, without a limit on the length. Escaping can make a long matcher three times as long, beyond
 * the limit for publishers' topics.
 */
function asTopic(path: string): Topic {
  return parseHubTopic(path, Number.POSITIVE_INFINITY);
}
