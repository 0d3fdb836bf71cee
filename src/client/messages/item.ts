import type { GapNotice } from "../../protocol.js";

/** One publication, with the field names of the hub's JSON. */
export interface LiveEvent {
  readonly kind: "event";
  /**
   * The id of the event. A connection that resumes from this id continues after this event. `""` if the server sends
   * none.
   */
  readonly id: string;
  /** The topics of the publication. Empty if the server does not name the topics. */
  readonly topics: readonly string[];
  /** Absent if the publication has no type. */
  readonly type?: string;
  readonly data: string;
  /**
   * True for a retained value: the current value of a topic, published before this client followed the topic. Live
   * events come after the retained values.
   */
  readonly retained?: true;
  /**
   * Only with the option `decryptKey`: whether `data` was decrypted with that key. Absent if the data was not sealed.
   */
  readonly sealed?: "opened" | "unreadable";
}

/**
 * Reports missed publications that the hub no longer stores. After the gap, the client receives the missed publications
 * that the hub still stores. Load the state of the page again.
 */
export interface LiveGap extends GapNotice {
  readonly kind: "gap";
  readonly id: string;
}

/** An item of a live connection. */
export type LiveItem = LiveEvent | LiveGap;

/** A message from a transport: an item with its position, or only a new position. */
export interface Arrival {
  readonly item?: LiveItem;
  /** The id to resume from after the item was consumed. */
  readonly cursor: string;
}

/** The state of a live connection. */
export type ConnectionState =
  /** There are no filters. */
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "open"; readonly transport: TransportName }
  /**
   * The next attempt starts after `delayMs`, or when the network is available again or the page is visible again.
   * `reason` is a text for users and logs.
   */
  | { readonly kind: "waiting"; readonly delayMs: number; readonly reason: string }
  /**
   * The program has closed the connection, or the server has ended it with an error response. `error` is the error of
   * this response.
   */
  | { readonly kind: "closed"; readonly error?: Error };

/** True if a program that knows one state learns nothing from the other. */
export function isSameState(one: ConnectionState, other: ConnectionState): boolean {
  return one.kind !== "waiting" && JSON.stringify(one) === JSON.stringify(other);
}

export type TransportName = "event-stream" | "websocket" | "poll";
