import { setTimeout as delay } from "node:timers/promises";
import type { StreamInfo } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { PharosError } from "../../base/errors.js";
import { limitedLog, type LimitedLog } from "../../base/log.js";
import { unlessAborted } from "../../base/at-most.js";
import { checkServer } from "./engine/check-server.js";
import { Engine } from "./engine/engine.js";
import { openStreams } from "./engine/open-streams.js";
import type { StreamNames } from "./engine/stream-names.js";
import type { NatsLogOptions } from "./nats-log-options.js";

/** The pause before the next attempt, in milliseconds. */
const retryMs = 1000;

export interface Opening {
  readonly options: NatsLogOptions;
  readonly names: StreamNames;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
}

/**
 * Connects to the engine. Tries again until a server accepts the connection: the engine may start after the hub.
 *
 * @throws PharosError `bad-config` if the engine refuses the credentials or is not fit for a log; `closed` if the signal
 *   aborts
 */
export async function openEngine(opening: Opening): Promise<Engine> {
  const { options, signal } = opening;
  const engine = await untilDone(opening, async () => {
    const connected = await Engine.connect(options);
    // Nobody waits for this connection any more.
    if (signal.aborted) await connected.close();
    return connected;
  });
  try {
    const { info } = engine.connection;
    if (info !== undefined) checkServer(info, options.leastRecordBytes, options.logger);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/**
 * Opens the streams. Tries again until the engine responds.
 *
 * @throws PharosError `bad-config` if a stream is not fit for a log, `closed` if the signal aborts
 */
export function openLogStreams(opening: Opening, engine: Engine): Promise<StreamInfo> {
  const { names, options } = opening;
  return untilDone(opening, () => openStreams({ engine, names, logger: options.logger }));
}

/**
 * Tries again until the engine responds: a stream has no leader for a few seconds after its creation or a failure.
 *
 * @throws PharosError as `attempt`, and `closed` if the signal aborts
 */
export async function untilDone<T>({ options, signal }: Opening, attempt: () => Promise<T>): Promise<T> {
  const warn: LimitedLog = limitedLog({ ...options, periodMs: 10_000 });
  for (;;) {
    try {
      return await unlessAborted(signal, attempt());
    } catch (error) {
      if (error instanceof PharosError) throw error;
      if (error instanceof errors.AuthorizationError)
        throw new PharosError("bad-config", `NATS refuses the credentials: ${error.message}`, {
          cause: error,
        });
      warn({ servers: options.servers, error }, "NATS does not respond; trying again");
    }
    // A timer of the clock does not keep the process alive, and nothing else does at this time.
    await unlessAborted(signal, delay(retryMs, undefined, { signal }));
  }
}
