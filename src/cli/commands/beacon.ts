import { setTimeout as delay } from "node:timers/promises";

import { PharosError, type ErrorCode } from "../../base/errors.js";
import { aborted, exitCodes, type Io } from "../terminal/io.js";
import type { CliPublisher } from "./publisher.js";

export interface BeaconOptions {
  readonly topic: string;
  readonly everySeconds: number;
}

/**
 * Publishes the time every so many seconds until interrupted, with the milliseconds since 1970 for an id: a count from
 * 1 would repeat when hub and beacon start anew, and a client that comes back would go on from the wrong place. While no hub takes it, it says so
 * once and keeps trying, so that hub and beacon may start in any order.
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
    if (taken === false && !said) io.stderr.write("No hub takes the beacon; still trying.\n");
    said = taken === false;
    await next;
  }
  return exitCodes.stopped;
}

/** What another hub, or the same one later, may do away with. */
const mayPass: ReadonlySet<ErrorCode> = new Set(["not-taken", "unreachable"]);

/** False when no hub took it. */
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
