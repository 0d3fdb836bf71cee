import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";

export interface CheckPorts {
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A check of one thing that a start needs. */
export interface Check {
  /** The thing, with its setting. */
  readonly what: string;
  /** Throws an error that says why a start cannot use the thing. */
  readonly run: () => void;
}
