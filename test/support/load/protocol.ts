import type { CountName, Counts } from "./counts.js";
import type { Delays } from "./histogram.js";

/** How a client takes what is sent to it. */
export type Reading =
  /** As fast as it comes. */
  | { readonly kind: "fast" }
  /** About so many bytes a second, in ten pieces a second. */
  | { readonly kind: "rate"; readonly bytesPerSecond: number }
  /**
   * Reads the head (and what comes with it, at most 1 KiB) and then never again. A client that does not read does not
   * notice that it was closed: it counts as open until {@link CrowdProtocol.read} makes it read on.
   * The kernel takes 64 KiB to 128 KiB in its place (Node has no way to set SO_RCVBUF of a TCP socket).
   */
  | { readonly kind: "never" };

/** A number of clients that behave alike. */
export interface GroupSpec {
  /** Names the group in messages; unique in its crowd. */
  readonly name: string;
  readonly clients: number;
  readonly port: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** @default "/esupdates" */
  readonly path?: string;
  /** Filters, sent as `?topic=` each. @default none */
  readonly topics?: readonly string[];
  /** Further request headers. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default fast */
  readonly reading?: Reading;
  /** Leaves after so many events or so long after its head, whichever comes first; 0 ms: with its head. @default stays */
  readonly leaveAfter?: { readonly events?: number; readonly ms?: number };
  /**
   * Comes back with `Last-Event-ID` when its connection ends, as EventSource does: after the server's `retry:` (3 s without one)
   * or `delayMs`; refused connections are tried again, refused answers only with `afterRefusal`. @default stays away
   */
  readonly reconnect?: { readonly delayMs?: number; readonly afterRefusal?: boolean };
  /** Sent as `Last-Event-ID` with the first request. @default none */
  readonly lastEventId?: string;
  /** The streams whose payloads are expected; everything else is foreign. @default ["load"] */
  readonly streams?: readonly string[];
  /** The sequence number that must come first in each stream. @default whichever comes first */
  readonly firstSequence?: number;
  /** True: events that are not load (a beacon's) are counted as `others`, not as foreign. @default false */
  readonly others?: boolean;
  /** Connections without a head yet at any time while opening. @default 100 */
  readonly openAtOnce?: number;
}

/** What a group waits for. */
export type Condition =
  /** So many streams are open at once. */
  | { readonly kind: "open"; readonly atLeast: number }
  /** Every client that has not left has this number, in every stream or in the one named. */
  | { readonly kind: "sequence"; readonly atLeast: number; readonly stream?: string }
  /** A count has grown so far. */
  | { readonly kind: "count"; readonly name: CountName; readonly atLeast: number };

/** How clients leave: `end` as a closed browser tab does (FIN, or RST when bytes lie unread), `reset` always with RST. */
export type Leaving = "end" | "reset";

/** A group at one moment. */
export interface Snapshot {
  readonly name: string;
  readonly counts: Counts;
  /** Of the events counted since the start or the last reset. */
  readonly delays: Delays;
  /** The lowest and highest number that clients who have not left have reached; -1 for nothing yet. */
  readonly lowest: number;
  readonly highest: number;
  /** The first few of each, as text. */
  readonly foreign: readonly string[];
  readonly gaps: readonly string[];
  readonly refused: readonly string[];
}

/** What is asked of the child that holds the clients. */
export type CrowdProtocol = {
  readonly open: { readonly ask: GroupSpec; readonly answer: void };
  readonly wait: {
    readonly ask: { readonly group: string; readonly condition: Condition; readonly within: number };
    readonly answer: void;
  };
  readonly snapshot: { readonly ask: { readonly group: string }; readonly answer: Snapshot };
  readonly leave: {
    readonly ask: { readonly group: string; readonly clients: number; readonly how: Leaving };
    readonly answer: number;
  };
  readonly read: {
    readonly ask: { readonly group: string; readonly reading: Reading };
    readonly answer: void;
  };
  readonly resetDelays: { readonly ask: { readonly group: string }; readonly answer: void };
};
