/** Names of the public interface that server, client library, pages and tests share. */

/** The path of event streams, on both fronts. */
export const streamPath = "/esupdates";

/** The path of long polling, for clients that cannot keep a stream open. */
export const pollPath = "/poll";

/** The path of the streams of {@link streamPath} over WebSocket. */
export const webSocketPath = "/ws";

/** The only subprotocol of {@link webSocketPath}. Clients need not request this subprotocol. */
export const webSocketProtocol = "pharos";

/**
 * The prefix of a subprotocol that carries a token. Pages cannot set headers on a WebSocket, and URLs appear in logs.
 * The hub never selects this subprotocol. Characters that subprotocols do not allow are percent-encoded.
 */
export const webSocketTokenPrefix = "pharos.token.";

/** The path of the health check, for load balancers. */
export const healthPath = "/healthz";

/** The path of the liveness check: 200 while the process answers requests. */
export const livePath = "/livez";

/** The path of the readiness check: 503 while the hub starts, drains or stops. */
export const readyPath = "/readyz";

/** The path of the Mercure protocol [draft-dunglas-mercure-08]. */
export const mercurePath = "/.well-known/mercure";

/** The path of the metadata about accepted tokens [RFC 9728 3.1]. */
export const protectedResourcePath = "/.well-known/oauth-protected-resource/.well-known/mercure";

/** The path of publications over HTTP. `/publish/TOPIC` accepts one publication, and `/publish` accepts many. */
export const publishPath = "/publish";

/** The path of the list of topics. `/history/TOPIC` has the stored publications of a topic. */
export const historyPath = "/history";

/** The path at which operators end the streams of a subject. */
export const disconnectPath = "/disconnect";

/** The path at which operators revoke tokens. */
export const revokePath = "/revoke";

/** The topic of publications without a topic, and of subscribers without a filter. */
export const defaultTopic = "broadcast";

/** The type of the event that reports missed publications which are no longer stored. */
export const gapEventType = "pharos-gap";

/** Event types with this prefix are reserved for Pharos. Publishers must not use such types. */
export const reservedTypePrefix = "pharos-";

/** The reason of a gap. */
export type GapReason =
  /** The id is not in history: the event was never published, or was evicted. */
  | "unknown-id"
  /** The position belongs to another run of the hub. */
  | "other-epoch"
  /** Publications after the position were evicted from history. */
  | "evicted"
  /** Publishers have deleted publications after the position. */
  | "deleted"
  /** So many subscriptions began and ended that the hub does not report each of them to watchers. */
  | "too-many-changes";

/** The JSON in the data of a `pharos-gap` event. Topics are named only if this connection may read them. */
export interface GapNotice {
  readonly reason: GapReason;
  /**
   * At most 20 topics. `missedAtMost` is an upper bound: the hub counts evicted publications, but does not store
   * which publications these were. Absent if the hub did not count them: they were evicted before its start, or it had
   * forgotten the topic.
   */
  readonly topics: readonly { readonly topic: string; readonly missedAtMost?: number }[];
  /** True if more topics have lost publications: more than 20 topics, or topics whose counts were discarded. */
  readonly more: boolean;
}
