import type { StoredRecord } from "../log/log.js";

export interface TimedRecord extends StoredRecord {
  /** The time at which the engine stored the record, in milliseconds since 1970. */
  readonly atMs: number;
}
