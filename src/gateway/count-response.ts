import type { Metrics } from "../base/metrics.js";
import type { Answer, GatewayRequest } from "./http/messages.js";

/** Counts a response by its status; that of a WebSocket is 101. */
export function countResponse(metrics: Metrics, front: GatewayRequest["front"], answer: Answer): void {
  metrics.count("requests_total", 1, { front, status: String(statusOfAnswer(answer)) });
}

function statusOfAnswer(answer: Answer): number {
  if (answer.kind === "reply") return answer.status;
  return answer.dialogue === undefined ? 200 : 101;
}
