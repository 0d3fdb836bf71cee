/** One of the things that a subscriber follows, in its own words. */
export interface Matcher {
  /** How the text is read: `exact`, `urlpattern`, `mqtt`, or `template` for the older protocol's selectors. */
  readonly type: string;
  readonly text: string;
}

/** A stream as others may see it. */
export interface Subscriber {
  /** Made by the hub for this stream alone, so that no two share one and nobody can take another's. */
  readonly id: string;
  /** Each once. */
  readonly matchers: readonly Matcher[];
  /** What the subscriber's token has for those who see this subscription; undefined for nothing. */
  payloadFor(matcher: string): unknown;
}

/** One matcher of one subscriber: what is told of, and listed. */
export interface ActiveSubscription {
  readonly subscriber: Subscriber;
  readonly matcher: Matcher;
}
