import { parseHubTopic } from "../hub/topics/topic.js";
import type { Topic } from "../hub/topics/topic.js";
import { mercurePath } from "../protocol.js";
import type { ActiveSubscription } from "./subscriber.js";

/** What all subscriptions lie below: topics of their events, and paths at which they are served. */
export const subscriptionsTopic = parseHubTopic(`${mercurePath}/subscriptions`);

/** A subscription as its event and the subscriptions API tell of it [draft-dunglas-mercure-08, Active Subscriptions]. */
export interface SubscriptionDocument {
  /** Its topic, and the path at which it is served. */
  readonly id: string;
  readonly type: "subscription";
  readonly match_type: string;
  readonly match: string;
  readonly subscriber: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

/** The same in the older form [draft-dunglas-mercure-07, Active Subscriptions]. */
export interface OlderSubscriptionDocument {
  readonly id: string;
  readonly type: "Subscription";
  readonly subscriber: string;
  readonly topic: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

/** The type of events that tell of subscriptions in the current form; no publisher may use it. */
export const subscriptionEventType = "mercure";

/** What the older form's documents are read with. */
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

/** The topics of a subscription's events: of the current form, and of the older one. */
export function topicsOf(document: SubscriptionDocument): readonly [Topic, Topic] {
  return [asTopic(document.id), asTopic(asOlder(document).id)];
}

/** The path below all subscriptions with these segments: each is encoded once, all but unreserved characters. */
export function subscriptionPath(segments: readonly string[]): string {
  return [subscriptionsTopic, ...segments.map(encodeSegment)].join("/");
}

function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Long matchers, with each byte written as an escape of three, are longer than publishers' topics may be. */
function asTopic(path: string): Topic {
  return parseHubTopic(path, Number.POSITIVE_INFINITY);
}
