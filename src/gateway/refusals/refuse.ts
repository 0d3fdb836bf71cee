import { toPharosError } from "../../base/errors.js";
import type { GatewayRequest } from "../http/messages.js";
import type { Refusal } from "../http/refusal.js";
import type { RefusalLog } from "./refusal-log.js";
import { statusOf } from "./status.js";

/**
 * Decides how an error is told: its status, and the text that its client may see. This is the one place where a failure
 * becomes a refusal; with a log, it is counted and logged here too.
 */
export function refuse(error: unknown, request?: GatewayRequest, log?: Pick<RefusalLog, "note">): Refusal {
  const known = toPharosError(error);
  const { code, message: detail, retryAfterSeconds } = known;
  const id = log?.note(request, known, error);
  return { code, status: statusOf(code), detail, retryAfterSeconds, id, cause: error };
}
