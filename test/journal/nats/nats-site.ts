import { onTestFinished } from "vitest";
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

/** As {@link natsLog}, but open until the end of the test. By default the log has a stream of its own. */
export async function openNatsLog(
  servers: readonly string[],
  options: Partial<Parameters<typeof natsLog>[1]> = {},
): Promise<NatsLog> {
  const log = natsLog(servers, { name: newStreamName(), ...options });
  onTestFinished(() => log.close());
  await log.open();
  return log;
}

/** Replaces a stream by an empty one with the same settings: its records begin with the number 1 again. */
export async function replaceStream(servers: readonly string[], name: string): Promise<void> {
  const { streams } = await operator(servers);
  const { config } = await streams.info(name);
  await streams.delete(name);
  await streams.add({ ...config, name });
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
