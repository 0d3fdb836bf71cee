import type { EndReason, LeaveReason } from "../../delivery/joining/open-stream.js";
import type { Batch } from "../../hub/cohort.js";
import type { Page, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { ProcessUsage } from "../../process/process-usage.js";
import type { TlsMaterial } from "../../fronts/tls/certificate-store.js";
import type { MessageKind } from "../../gateway/websocket/message-kinds.js";
import type { ChangedSettings } from "./settings.js";
import type { BucketCounts, CounterName, HistogramName, Labels } from "../../base/metrics.js";

/** The hub's number for a cohort of one worker. The hub never reuses a number. */
export type CohortNumber = number;

/** The worker's number for a request that the worker passes to the hub, and for the stream that this request opens. */
export type RequestNumber = number;

export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * The position of a cohort: the hub has sent the worker every publication up to the offset `upTo`. `id` is the event id
 * at `upTo`.
 */
export interface Standing {
  readonly upTo: Offset;
  readonly id: string;
}

/** Messages from the hub to a worker. A message with a body has one additional frame. */
export type ToWorker =
  /**
   * Body: the next publications of a cohort. The worker answers `taken` when the publications are in a round, or when
   * no client needs them.
   */
  | ({ readonly kind: "batch"; readonly cohort: CohortNumber } & Omit<Batch, "body"> & Standing)
  /**
   * Body: the first bytes of the stream. The worker answers `ended` when the stream has ended, or could not be opened.
   */
  | {
      readonly kind: "stream";
      readonly request: RequestNumber;
      /** The kinds of messages that the client may send; none unless the stream is a WebSocket. */
      readonly kinds: readonly MessageKind[];
      readonly headers: HeaderList;
      readonly expiresAtMs?: number | undefined;
      /** True if the bytes of the stream are chunks. */
      readonly isChunked: boolean;
      readonly topics?: number | undefined;
      /** The subject of the client's token. */
      readonly subject?: string | undefined;
      readonly place: Place;
    }
  /** Body: the body of the reply. */
  | {
      readonly kind: "reply";
      readonly request: RequestNumber;
      readonly status: number;
      readonly headers: HeaderList;
      readonly contentLength?: number | undefined;
      /** The subject of the client's token. */
      readonly subject?: string | undefined;
    }
  /** Body: the answer to a client's message on a stream; empty if there is no answer. */
  | {
      readonly kind: "message-result";
      readonly request: RequestNumber;
      /** The cohort in which the stream continues. @default the stream's own cohort */
      readonly place?: Place | undefined;
      /** The cohort that the stream has left, and its position at that time. */
      readonly left?: (Standing & { readonly cohort: CohortNumber }) | undefined;
      readonly renewed?: { readonly expiresAtMs?: number | undefined } | undefined;
    }
  /**
   * The hub has removed the cohort, because its last connection has moved or ended. No batches and pages of the cohort
   * follow, and no `standing` message counts for the cohort. In the worker, connections may still be in the cohort until
   * they move.
   */
  | { readonly kind: "removed"; readonly cohort: CohortNumber }
  /**
   * Body: the last message for the client; empty if there is none. The worker ends the stream, as {@link EndStream}, and
   * answers `ended`.
   */
  | { readonly kind: "withdraw"; readonly request: RequestNumber; readonly reason: EndReason }
  /** Asks for the body of this request. The worker answers `body`. */
  | { readonly kind: "read-body"; readonly request: RequestNumber }
  /**
   * Publications up to this offset were deleted, or have expired. The worker drops its pages, and its recent batches up to
   * there: readers of history that are not behind this offset yet ask the hub again. All later pages are without them.
   */
  | { readonly kind: "forget"; readonly upTo: Offset }
  /** Body: the body of the page. */
  | ({ readonly kind: "page"; readonly ask: number } & Omit<Page, "body">)
  /**
   * The lowest position of all cohorts that the hub has for this worker. The hub sends this message every second, and
   * the worker answers `metrics`.
   */
  | ({ readonly kind: "standing" } & Standing)
  /** The hub has other settings from now on. The answers before this message follow the earlier settings. */
  | { readonly kind: "settings"; readonly settings: ChangedSettings }
  /** Each answer of the worker ends its connection from now on. */
  | { readonly kind: "drain" }
  /**
   * The worker has to end its streams evenly over this time, in milliseconds. The worker answers `streams-ended` at its
   * end, or when no stream is open.
   */
  | { readonly kind: "end-streams"; readonly overMs: number }
  /** The worker has to close this connection, because its client has too many. */
  | { readonly kind: "cut"; readonly connection: number }
  /** The certificates for new connections from now on. */
  | { readonly kind: "certificates"; readonly tls: TlsMaterial }
  /** The hub sends no further connections. The worker answers `settled` after its last write. */
  | { readonly kind: "settle" }
  /** The worker has to close its streams in order, and then to end. */
  | { readonly kind: "close" };

/** The messages about requests and streams. The other messages are about the worker itself. */
export type StreamsToWorker = Exclude<
  ToWorker,
  { readonly kind: "settings" | "drain" | "end-streams" | "cut" | "certificates" | "settle" | "close" }
>;

/** The names of the format and the coding of a cohort's bytes. */
export interface CohortEncoding {
  readonly format: string;
  /** The name of the coding; absent if there is no coding. */
  readonly coding?: string | undefined;
}

/** The cohort that a stream joins. The worker may not know this cohort yet. */
export interface Place {
  readonly cohort: CohortNumber;
  readonly encoding: CohortEncoding;
  readonly standing: Standing;
  /** The position from which a new stream reads. A stream that changes its cohort continues from its own position. */
  readonly read: ReadState;
  /** If the stream changes its cohort: the names of its new filters. */
  readonly added: readonly string[];
}

/** Messages from a worker to the hub. */
export type ToHub =
  /** The worker accepts connections from now on. */
  | { readonly kind: "up" }
  | {
      readonly kind: "request";
      readonly request: RequestNumber;
      readonly method: string;
      readonly version: string;
      readonly path: string;
      readonly query: string;
      readonly headers: HeaderList;
      readonly peer?: string | undefined;
      readonly isDirect: boolean;
      readonly isTls: boolean;
    }
  /** Body: the body of the request, unless `refusal` is set. */
  | { readonly kind: "body"; readonly request: RequestNumber; readonly refusal?: BodyRefusal }
  /** Body: a client's message on a stream. The hub answers `message-result`, unless the stream has ended. */
  | { readonly kind: "message"; readonly request: RequestNumber; readonly message: MessageKind }
  /** A stream has ended, or a client has disconnected before its request was answered. */
  | { readonly kind: "ended"; readonly request: RequestNumber; readonly reason: LeaveReason }
  /**
   * The client of a connection from a proxy, as the PROXY header names it. The hub counts the connection, and answers
   * `cut` if the client has too many.
   */
  | { readonly kind: "named"; readonly connection: number; readonly peer: string }
  /** A connection that the hub had passed to the worker has closed. */
  | { readonly kind: "closed"; readonly connection: number }
  /** These batches are in rounds. `roundBytes` is the size limit of the last round, in bytes. */
  | {
      readonly kind: "taken";
      readonly cohort: CohortNumber;
      readonly batches: number;
      readonly roundBytes?: number | undefined;
    }
  /** Asks for a reader's next page. */
  | {
      readonly kind: "ask";
      readonly ask: number;
      readonly cohort: CohortNumber;
      readonly state: ReadState;
      readonly maxBytes: number;
      readonly upTo: Offset;
    }
  | { readonly kind: "hold"; readonly cohort: CohortNumber; readonly on: boolean }
  | ({ readonly kind: "metrics" } & WorkerMetrics)
  | { readonly kind: "streams-ended" }
  | { readonly kind: "settled" };

/** The messages about requests and streams. The other messages are about the worker itself. */
export type StreamsToHub = Exclude<
  ToHub,
  { readonly kind: "up" | "named" | "closed" | "metrics" | "streams-ended" | "settled" }
>;

/** The fields of the PharosError that explains why a body could not be read. */
export interface BodyRefusal {
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** The metrics of a worker since its last message of the kind `metrics`, and the worker's gauges. */
export interface WorkerMetrics extends WorkerGauges {
  readonly counted: readonly Counted[];
  readonly observed: readonly Observed[];
}

export interface WorkerGauges {
  readonly laggards: number;
  readonly bodyBytes: number;
  /** Streams, and requests and messages without an answer. */
  readonly held: number;
  /** Undefined if the worker is not measured. */
  readonly usage?: ProcessUsage | undefined;
}

/** What a worker has added to one counter. */
export interface Counted {
  readonly name: CounterName;
  readonly labels: Labels;
  readonly by: number;
}

/** The values that a worker has added to one histogram. */
export interface Observed {
  readonly name: HistogramName;
  readonly labels: Labels;
  readonly values: BucketCounts;
}

/** The kinds of messages that have a body. */
const withBody: ReadonlySet<string> = new Set([
  "batch",
  "stream",
  "message-result",
  "reply",
  "page",
  "withdraw",
  "body",
  "message",
]);

export function hasBody({ kind }: ToWorker | ToHub): boolean {
  return withBody.has(kind);
}
