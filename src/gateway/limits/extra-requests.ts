import type { Metrics } from "../../base/metrics.js";
import { extraRequestsAllowed } from "./connection-limits.js";

/** A connection with an open stream. */
export interface StreamingConnection {
  /** Requests that came while the stream was open. */
  extraRequests: number;
}

/**
 * Counts further requests on a connection with an open stream. They get no answer, which would appear in the middle of
 * the stream.
 *
 * @returns true, once, when they are too many: the stream has to be ended as `misused`
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
