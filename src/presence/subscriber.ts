/** A filter of a subscriber, in the text that the subscriber sent. */
export interface Matcher {
  /** The kind of the text: `exact`, `urlpattern`, `mqtt`, or `template` for selectors of the older protocol. */
  readonly type: string;
  readonly text: string;
}

/** A stream, as presence events describe it. */
export interface Subscriber {
  /**
   * The id that the hub creates for this stream. So each stream has an id of its own and cannot use the id of another
   * stream.
   */
  readonly id: string;
  /** The filters of the subscriber, without duplicates. */
  readonly matchers: readonly Matcher[];
  /**
   * The payload of the subscriber's token for clients that see this subscription; undefined if the token has no
   * payload.
   */
  payloadFor(matcher: string): unknown;
}

/** One matcher of one subscriber. Each presence event and each list item describes one such subscription. */
export interface ActiveSubscription {
  readonly subscriber: Subscriber;
  readonly matcher: Matcher;
}
