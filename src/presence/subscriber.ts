/** A filter of a subscriber, as the subscriber wrote it. */
export interface Matcher {
  /** The kind of the text: `exact`, `urlpattern`, `mqtt`, or `template` for selectors of the older protocol. */
  readonly type: string;
  readonly text: string;
}

/** A stream as presence events show it. */
export interface Subscriber {
  /** Created by the hub for this stream, so that each stream has its own and cannot use another's. */
  readonly id: string;
  /** Without duplicates. */
  readonly matchers: readonly Matcher[];
  /** The payload that the subscriber's token has for viewers of this subscription; undefined if none. */
  payloadFor(matcher: string): unknown;
}

/** One matcher of one subscriber: the unit of presence events and lists. */
export interface ActiveSubscription {
  readonly subscriber: Subscriber;
  readonly matcher: Matcher;
}
