import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";

/** Codes of the engine for a stream or an account that has reached its limit, and for a server without space. */
const fullCodes: ReadonlySet<number> = new Set([10002, 10023, 10028, 10047, 10122]);

/** The engine could not store a message. The description has the reason. */
const storeFailedCode = 10077;

/** The engine has too few servers for the wanted number of replicas. */
const tooFewServersCodes: ReadonlySet<number> = new Set([10005, 10074]);

/** A server that is not part of a cluster refuses replicas for good. A cluster may get more servers. */
const noClusterCode = 10074;

export function isFull(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  return fullCodes.has(error.code) || (error.code === storeFailedCode && /maximum|space/.test(error.message));
}

export function isTooFewServers(error: unknown): boolean {
  return error instanceof JetStreamApiError && tooFewServersCodes.has(error.code);
}

export function isNoCluster(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === noClusterCode;
}

export function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

/** Another hub has written the message first. */
export function isTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
