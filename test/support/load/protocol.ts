import type { CountName, Counts } from "./counts.js";
import type { Delays } from "./histogram.js";

/** How fast a client reads. */
export type Reading =
  /** As fast as possible. */
  | { readonly kind: "fast" }
  /** About this many bytes a second, in ten pieces a second. */
  | { readonly kind: "rate"; readonly bytesPerSecond: number }
  /**
   * Reads the response head, at most 1 KiB after the head (64 KiB over TLS), and then no more bytes. A client that does not read does not
   * notice that the server has closed the connection. Such a client counts as open until {@link LoadProtocol.read}
   * makes the client read again. The kernel buffers 64 KiB to 128 KiB for this client (Node cannot set SO_RCVBUF of a
   * TCP socket).
   */
  | { readonly kind: "never" };

/** Clients with equal behaviour. */
export interface GroupSpec {
  /** The group's name in messages; unique in its process. */
  readonly name: string;
  readonly clients: number;
  readonly port: number;
  /** True for TLS, with any certificate of the server. @default false */
  readonly tls?: boolean;
  /**
   * The clients speak HTTP/2, with this number of streams on each connection. They read as fast as possible, with the
   * windows of Chromium. @default HTTP/1.1, with a connection for each client
   */
  readonly http2Streams?: number;
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
  /**
   * The client leaves after `events` events, or `ms` milliseconds after the response head, whichever is first. If `ms`
   * is 0, the client leaves at the response head. @default the client does not leave
   */
  readonly leaveAfter?: { readonly events?: number; readonly ms?: number };
  /**
   * The client reconnects with `Last-Event-ID` when its connection ends, as EventSource does: after the server's
   * `retry:` (default 3 s) or `delayMs`. The client retries refused connections. It retries after an error response
   * only with `afterRefusal`. @default the client does not reconnect
   */
  readonly reconnect?: { readonly delayMs?: number; readonly afterRefusal?: boolean };
  /** Sent as `Last-Event-ID` with the first request. @default none */
  readonly lastEventId?: string;
  /** Streams whose payloads are expected; everything else counts as foreign. @default ["load"] */
  readonly streams?: readonly string[];
  /** The first sequence number of each stream. @default any */
  readonly firstSequence?: number;
  /** True: events without a load payload (from a beacon) count as `others`, not as foreign. @default false */
  readonly others?: boolean;
  /** Maximum number of connections that wait for their response head. @default 100 */
  readonly openAtOnce?: number;
}

/** A condition that a group can wait for. */
export type Condition =
  /** At least this many streams are open. */
  | { readonly kind: "open"; readonly atLeast: number }
  /** Every remaining client has received this number, in all streams or in `stream`. */
  | { readonly kind: "sequence"; readonly atLeast: number; readonly stream?: string }
  /** A count has reached this value. */
  | { readonly kind: "count"; readonly name: CountName; readonly atLeast: number };

/**
 * How clients leave. `end`: like a closed browser tab, with FIN, or with RST if there are unread bytes. `reset`:
 * always with RST.
 */
export type Leaving = "end" | "reset";

/** The state of a group at one moment. */
export interface Snapshot {
  readonly name: string;
  readonly counts: Counts;
  /** Delays of the events since the start or the last reset. */
  readonly delays: Delays;
  /** The lowest and highest number among clients that have not left; -1 before the first event. */
  readonly lowest: number;
  readonly highest: number;
  /** The reconnections in each second since 1970 that has any. */
  readonly reconnectsAt: readonly (readonly [second: number, count: number])[];
  /** The first few texts of each kind, for messages. */
  readonly foreign: readonly string[];
  readonly gaps: readonly string[];
  readonly refused: readonly string[];
}

/** Requests to the process of the clients, and its answers. */
export type LoadProtocol = {
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
