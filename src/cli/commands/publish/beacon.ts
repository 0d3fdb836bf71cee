import { setTimeout as delay } from "node:timers/promises";

import { PharosError, type ErrorCode } from "../../../base/errors.js";
import { aborted, exitCodes, type Io } from "../../terminal/io.js";
import type { CliPublisher } from "./publisher.js";

export interface BeaconOptions {
  readonly topic: string;
  readonly everySeconds: number;
}

/**
 * Publishes the time at a fixed interval until interrupted. The event id is the time in milliseconds since 1970. A
 * count from 1 would repeat after a restart, and a resuming client would resume from the wrong event. If no hub accepts
 * the publication, the command reports this once and tries again, so hub and beacon may start in any order.
 *
 * @throws PharosError when the publication itself is refused
 */
export async function beacon(options: BeaconOptions, publisher: CliPublisher, io: Io): Promise<number> {
  const { interrupted } = io;
  let said = false;
  while (!interrupted.aborted) {
    const next = delay(options.everySeconds * 1000, undefined, { signal: interrupted }).catch(
      () => undefined,
    );
    const taken = await Promise.race([send(options, publisher), aborted(interrupted)]);
    if (taken === false && !said) io.stderr.write("No hub accepts the beacon; still trying.\n");
    said = taken === false;
    await next;
  }
  return exitCodes.stopped;
}

/** Temporary errors: the next attempt may succeed. */
const mayPass: ReadonlySet<ErrorCode> = new Set(["not-taken", "unreachable"]);

/** Publishes once. Returns false if no hub accepted the publication. */
async function send({ topic }: BeaconOptions, publisher: CliPublisher): Promise<boolean> {
  try {
    const now = new Date();
    const data = `Timestamp ${now.toISOString()}`;
    await publisher.publish({ topic, id: String(now.getTime()), data });
    return true;
  } catch (error) {
    if (error instanceof PharosError && mayPass.has(error.code)) return false;
    throw error;
  }
}
