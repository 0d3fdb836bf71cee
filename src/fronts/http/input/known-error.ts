import { PharosError } from "../../../base/errors.js";

/** The error that the client may see, for an error of this code or of Fastify; undefined for a fault of the hub. */
export function knownError(error: unknown): PharosError | undefined {
  if (error instanceof PharosError) return error;
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return status < 500 ? new PharosError("bad-request", "this request is malformed") : undefined;
}
