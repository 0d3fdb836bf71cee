import type { Metrics } from "../../base/metrics.js";
import { extraRequestsAllowed } from "./connection-limits.js";

/** A connection with an open stream. */
export interface StreamingConnection {
  /** The number of requests on this connection while the stream was open. */
  extraRequests: number;
}

/**
 * Counts further requests on a connection with an open stream. The hub does not answer such requests, since the
 * response would be in the middle of the stream.
 *
 * @returns true, once, when there are too many; the caller must then end the stream as `misused`
 */
export function countExtraRequests(
  connection: StreamingConnection,
  requests: number,
  metrics: Metrics,
): boolean {
  if (connection.extraRequests >= extraRequestsAllowed) return false;
  connection.extraRequests += requests;
  metrics.count("second_requests_total", requests);
  if (connection.extraRequests < extraRequestsAllowed) return false;
  metrics.count("connections_cut_total", 1, { reason: "second-requests" });
  return true;
}
