import type { Sequence } from "../../log/log.js";

/** What the reply subject of a record says. */
export interface DeliveredRecord {
  readonly sequence: Sequence;
  /** The number of the record in its delivery. The first one has the number 1. */
  readonly delivered: number;
  /** The number of records that the engine has not sent yet. */
  readonly pending: number;
}

/** The parts of a reply subject in front of the numbers, without and with a domain and an account. */
const shortPrefix = 4;
const longPrefix = 6;
const shortParts = 9;

/**
 * Parses `$JS.ACK.STREAM.CONSUMER.deliveries.sequence.delivered.nanoseconds.pending`, or the form with a domain and an
 * account after `ACK`, and more parts at the end. Undefined if the subject has another form.
 */
export function parseDeliveredRecord(reply: string): DeliveredRecord | undefined {
  const parts = reply.split(".");
  if (parts[0] !== "$JS" || parts[1] !== "ACK" || parts.length < shortParts) return undefined;
  const prefix = parts.length === shortParts ? shortPrefix : longPrefix;
  const [, sequence = NaN, delivered = NaN, , pending = NaN] = parts.slice(prefix).map(Number);
  const isWhole = [sequence, delivered, pending].every((number) => Number.isFinite(number));
  return isWhole ? { sequence, delivered, pending } : undefined;
}
