import type { StreamEnded } from "../../delivery/joining/open-stream.js";

/** A stream that has begun, as its receiver gets it. */
export interface ReportedStream {
  /** The subject of the client's token; undefined without a token, or if the token has none. */
  readonly subject: string | undefined;
  /** The filters with which the stream begins. */
  readonly filters: readonly string[];
  /** The client's address, as the limits see it; undefined if unknown. */
  readonly address: string | undefined;
  readonly front: string;
  readonly transport: "event-stream" | "websocket";
}

/** Gets the begin and the end of each stream. */
export interface StreamReports {
  /** False while nobody gets the reports. A stream that begins then has no report of its end either. */
  readonly isOn: boolean;
  /** Call this when a stream has opened. Call the result once, when the stream has ended. Neither throws or waits. */
  subscribed(stream: ReportedStream): StreamEnded;
}
