import type { Page, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { MessageKind } from "../../gateway/websocket/message-kinds.js";
import type { CounterName, HistogramName, Labels } from "../../base/metrics.js";

/** A cohort of one worker, numbered by the hub; a number is not used again. */
export type CohortNumber = number;

/** A request that a worker has passed on, numbered by the worker, and the stream that came of it. */
export type RequestNumber = number;

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Where a cohort stands: everything up to `upTo`, whose event id is `id`, is on its way to the worker or before it. */
export interface Standing {
  readonly upTo: Offset;
  readonly id: string;
}

/** What the hub tells a worker. Those marked with a body have one frame beside them. */
export type ToWorker =
  /** Body: the next publications of a cohort. The worker answers `taken` when a round has them, or nobody wants them. */
  | ({ readonly kind: "batch"; readonly cohort: CohortNumber; readonly count: number } & Standing)
  /** Body: what the stream says first. The worker answers `ended` when the stream has ended, or was never opened. */
  | {
      readonly kind: "stream";
      readonly request: RequestNumber;
      /** The kinds of messages that its client may send; none unless it is a WebSocket. */
      readonly kinds: readonly MessageKind[];
      readonly headers: HeaderList;
      readonly expiresAtMs?: number | undefined;
      readonly place: Place;
    }
  /** Body: the reply's. */
  | {
      readonly kind: "reply";
      readonly request: RequestNumber;
      readonly status: number;
      readonly headers: HeaderList;
      readonly contentLength?: number | undefined;
    }
  /** Body: the answer to what a stream's client has said; empty where there is none. */
  | {
      readonly kind: "said";
      readonly request: RequestNumber;
      /** Where the stream goes on; absent where it stays. */
      readonly place?: Place | undefined;
      /** The cohort that it has left at the hub, and where that stood. */
      readonly left?: (Standing & { readonly cohort: CohortNumber }) | undefined;
      readonly renewed?: { readonly expiresAtMs?: number | undefined } | undefined;
    }
  /** The body of this request is wanted; the worker answers `body`. */
  | { readonly kind: "read-body"; readonly request: RequestNumber }
  /** Body: the page's. */
  | ({ readonly kind: "page"; readonly ask: number } & Omit<Page, "body">)
  /** All cohorts of this worker stand here at least. Comes every second; the worker answers `figures`. */
  | ({ readonly kind: "standing" } & Standing)
  /** No connection will come any more; the worker answers `settled` when it has written everything. */
  | { readonly kind: "settle" }
  /** Streams are to be closed in order; then the worker ends. */
  | { readonly kind: "close" };

/** The names of what a cohort's bytes are written with. */
export interface CohortEncoding {
  readonly format: string;
  /** Absent where they are sent as they are written. */
  readonly coding?: string | undefined;
}

/** Where a stream joins: its cohort, which the worker may not know yet. */
export interface Place {
  readonly cohort: CohortNumber;
  readonly words: CohortEncoding;
  readonly standing: Standing;
  /** Where a new stream begins to read; one that comes from another cohort reads on from where it stands. */
  readonly read: ReadState;
  /** The names of the filters that one that comes from another cohort did not have there. */
  readonly added: readonly string[];
}

/** What a worker tells the hub. */
export type ToHub =
  /** It takes connections from now on. */
  | { readonly kind: "up" }
  | {
      readonly kind: "request";
      readonly request: RequestNumber;
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly headers: HeaderList;
      readonly peer?: string | undefined;
    }
  /** Body: that of the request, unless it is refused. */
  | { readonly kind: "body"; readonly request: RequestNumber; readonly refusal?: BodyRefusal }
  /** Body: a message of a stream's client. The hub answers `said`, unless the stream has ended. */
  | { readonly kind: "say"; readonly request: RequestNumber; readonly message: MessageKind }
  /** A stream has ended, or the client of a request has gone before its answer. */
  | { readonly kind: "ended"; readonly request: RequestNumber }
  /** A connection that was handed over has closed. */
  | { readonly kind: "gone"; readonly connection: number }
  /** So many batches are in rounds; the cohort's next round may have so many bytes. */
  | {
      readonly kind: "taken";
      readonly cohort: CohortNumber;
      readonly batches: number;
      readonly roundBytes?: number | undefined;
    }
  /** A reader's next page is wanted. */
  | {
      readonly kind: "ask";
      readonly ask: number;
      readonly cohort: CohortNumber;
      readonly state: ReadState;
      readonly maxBytes: number;
      readonly upTo: Offset;
    }
  | { readonly kind: "hold"; readonly cohort: CohortNumber; readonly on: boolean }
  | ({ readonly kind: "figures" } & WorkerFigures)
  | { readonly kind: "settled" };

/** Why a body could not be read, in the words of a PharosError. */
export interface BodyRefusal {
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** What a worker has counted since it last told, and how things stand there. */
export interface WorkerFigures {
  readonly counted: readonly Counted<CounterName>[];
  readonly observed: readonly Counted<HistogramName>[];
  readonly laggards: number;
  readonly bodyBytes: number;
}

export type Counted<Name> = readonly [name: Name, value: number, labels: Labels];

/** Which messages have a body. */
const withBody: ReadonlySet<string> = new Set(["batch", "stream", "said", "reply", "page", "body", "say"]);

export function hasBody({ kind }: ToWorker | ToHub): boolean {
  return withBody.has(kind);
}
