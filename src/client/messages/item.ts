import type { GapNotice } from "../../protocol.js";

/** One publication, as the hub's JSON has it. */
export interface LiveEvent {
  readonly kind: "event";
  /** Resuming after this id continues behind this event. `""` where the server gives none. */
  readonly id: string;
  /** What it was published to; empty where the server does not tell. */
  readonly topics: readonly string[];
  /** Absent where the publication has none. */
  readonly type?: string;
  readonly data: string;
  /** A value from before this client followed its topic: the state at once, then the changes. */
  readonly retained?: true;
  /** Only with `decryptKey`: whether `data` was sealed with it. Absent for data that was not sealed at all. */
  readonly sealed?: "opened" | "unreadable";
}

/** Publications that this client should have had are gone; what the hub still holds follows. Refetch what matters. */
export interface LiveGap extends GapNotice {
  readonly kind: "gap";
  readonly id: string;
}

/** What a live connection yields, in order. */
export type LiveItem = LiveEvent | LiveGap;

/** What a transport brings: an item, or only a position, and the id to resume from once it was taken. */
export interface Arrival {
  readonly item?: LiveItem;
  readonly cursor: string;
}

/** How a live connection stands. */
export type ConnectionState =
  /** There is nothing to follow yet, or no more. */
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "open"; readonly transport: TransportName }
  /** The next attempt comes in `delayMs`, or when the network or the page comes back. `reason` is for people. */
  | { readonly kind: "waiting"; readonly delayMs: number; readonly reason: string }
  /** For good: by the program, or by `error`, the server's refusal. */
  | { readonly kind: "closed"; readonly error?: Error };

export type TransportName = "event-stream" | "websocket" | "poll";
