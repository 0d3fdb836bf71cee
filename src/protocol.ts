/** The words of the outside interface that server, client library, page and tests share. */

/** Where streams are served, on both fronts. */
export const streamPath = "/esupdates";

/** Where clients poll that cannot hold a stream open. */
export const pollPath = "/poll";

/** Where the same streams are served over WebSocket. */
export const webSocketPath = "/ws";

/** The subprotocol that a client of {@link webSocketPath} may ask for; it is the only one. */
export const webSocketProtocol = "pharos";

/**
 * Before a token among the subprotocols that a page asks for, since it can give a WebSocket no header, and what is in a URL
 * stands in logs. Never answered; what may not stand in a subprotocol is percent-encoded.
 */
export const webSocketTokenPrefix = "pharos.token.";

/** Where a load balancer asks whether the hub is alive. */
export const healthPath = "/healthz";

/** Where the Mercure protocol is served [draft-dunglas-mercure-08]. */
export const mercurePath = "/.well-known/mercure";

/** Where the hub says which tokens it takes [RFC 9728 3.1]. */
export const protectedResourcePath = "/.well-known/oauth-protected-resource/.well-known/mercure";

/** Where publications are taken over HTTP: one below it, many at it. */
export const publishPath = "/publish";

/** The topic of publications that name none, and of subscribers that name no filter. */
export const defaultTopic = "broadcast";

/** The event that tells a client that publications it should have had are gone from history. */
export const gapEventType = "pharos-gap";

/** Types that begin so belong to Pharos; publishers may not use them. */
export const reservedTypePrefix = "pharos-";

/** Why a gap is reported. */
export type GapReason =
  /** The id is not in history: never published, or already evicted. */
  | "unknown-id"
  /** The position belongs to another run of the hub. */
  | "other-epoch"
  /** Publications after the position were evicted from history. */
  | "evicted"
  /** More subscriptions began and ended than their watchers can be told of one by one. */
  | "too-many-changes";

/** The JSON in the data of a `pharos-gap` event. Topics are named only if this connection may read them. */
export interface GapNotice {
  readonly reason: GapReason;
  /** At most 20; `missedAtMost` is an upper bound, since a topic's past is counted, not kept. */
  readonly topics: readonly { readonly topic: string; readonly missedAtMost: number }[];
  /** True when more than 20 topics, or topics that are forgotten, have lost publications. */
  readonly more: boolean;
}
