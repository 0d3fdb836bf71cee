import type { Clock } from "../../base/clock.js";
import type { LogLimits } from "../log/log.js";
import type { EngineOptions } from "./engine/engine.js";

/** The engine, the stream and the limits of a log on NATS JetStream. */
export interface NatsLogOptions extends EngineOptions {
  readonly limits: LogLimits;
  /** The smallest size of a record, in bytes, that the hub needs. {@link NatsLog.open} refuses an engine with less. */
  readonly leastRecordBytes: number;
  readonly clock: Clock;
  /** Ends {@link NatsLog.open} while the engine does not respond. @default never aborted */
  readonly signal?: AbortSignal;
}
