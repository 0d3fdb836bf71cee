import { connect } from "@nats-io/transport-node";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { systemClock } from "../../../src/app/system-clock.js";
import type { Clock, Timer } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/log.js";
import { NatsLog } from "../../../src/journal/nats/nats-log.js";
import type { NatsLogOptions } from "../../../src/journal/nats/nats-log-options.js";
import { atTestEnd, type OnEnd } from "../../support/on-end.js";

export const mebibyte = 1024 * 1024;

let count = 0;

/** A name that no other test uses. */
export function newStreamName(): string {
  count += 1;
  return `log_${process.pid}_${count}`;
}

/** A log over the servers, not open yet. */
export function natsLog(
  servers: readonly string[],
  options: { readonly name: string } & Partial<NatsLogOptions>,
): NatsLog {
  return new NatsLog({
    servers,
    limits: { bytes: 1024 * mebibyte },
    leastRecordBytes: mebibyte,
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
}

/** The machine's clock, but what is due each half second is due each 50 milliseconds. */
export class FastClock implements Clock {
  /** How often something was due. */
  seconds = 0;

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(delayMs: number, action: () => void): Timer {
    return systemClock.after(delayMs, action);
  }

  endOfTurn(action: () => void): void {
    systemClock.endOfTurn(action);
  }

  every(periodMs: number, action: () => void): Timer {
    if (periodMs !== 500) return systemClock.every(periodMs, action);
    return systemClock.every(50, () => {
      this.seconds += 1;
      action();
    });
  }
}

/** An operator's connection to the engine. */
export async function operator(
  servers: readonly string[],
  { onEnd = atTestEnd }: { readonly onEnd?: OnEnd } = {},
): Promise<JetStreamManager> {
  const connection = await connect({
    servers: [...servers],
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  onEnd(() => connection.close());
  return jetstreamManager(connection, { checkAPI: false });
}
