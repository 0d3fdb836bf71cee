import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { LeveledLogger, LogLevel } from "../base/log.js";
import { WorkerFront } from "../workers/worker/worker-front.js";
import { parseHandedOver, parseWorkerSettings } from "../workers/ipc/settings.js";
import { systemClock } from "./system-clock.js";

/**
 * Runs a worker process. The worker gets its settings and then its connections from the hub. Resolves when the hub has
 * closed the worker in order. Rejects if the hub has ended, or if the worker cannot start.
 *
 * @param createLogger creates the logger, once the log level is known
 * @param stdout the output of an access log with the name `-`
 * @param channel emits `message` and `disconnect`, as the process of a worker does
 */
export async function runWorker(
  createLogger: (level: LogLevel) => LeveledLogger,
  stdout: Writable,
  channel: EventEmitter = process,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    channel.once("disconnect", () => reject(new Error("the hub has ended")));
    const run = async (first: unknown): Promise<void> => {
      const settings = parseWorkerSettings(first);
      const front = new WorkerFront({
        settings,
        clock: systemClock,
        logger: createLogger(settings.logLevel),
        stdout,
        over: (error) => (error === undefined ? resolve() : reject(error)),
      });
      channel.on("message", (message: unknown, socket: Socket | undefined) =>
        front.take(parseHandedOver(message), socket),
      );
      await front.start();
    };
    channel.once("message", (first: unknown) => void run(first).catch(reject));
  });
}
