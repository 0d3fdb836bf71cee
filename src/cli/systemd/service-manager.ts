import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { systemdNotify } from "./notify-program.js";
import type { NotifyProgram } from "./notify-program.js";

export interface ServiceManagerOptions {
  /** The environment of the process. Without `NOTIFY_SOCKET`, nothing is sent. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default the installed `systemd-notify` */
  readonly program?: NotifyProgram;
  /** @default the id of this process */
  readonly pid?: number;
}

/** The time that an orderly stop may take beside its drain, in microseconds. */
const stopMarginUsec = 30_000_000;

/**
 * Tells systemd what the hub does, if systemd has started it with `Type=notify`. The messages keep their order. Nothing
 * waits for systemd. If a message cannot be sent, the hub goes on, and the log says so once, until a message is sent
 * again.
 */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #program: NotifyProgram | undefined;
  #sent: Promise<void> = Promise.resolve();
  #unsent = 0;
  #hasFailed = false;
  #isWatched = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    const { environment, program = systemdNotify(environment) } = options;
    this.#program = (environment["NOTIFY_SOCKET"] ?? "") === "" ? undefined : program;
  }

  /** The hub serves. `status` is one line for `systemctl status`. From the first call on, the watchdog is fed. */
  ready(status: string): void {
    this.#send("READY=1", `STATUS=${status}`);
    this.#feedWatchdog();
  }

  /** The hub loads its configuration again. Call {@link ready} when it is loaded, or when it could not be loaded. */
  reloading(): void {
    // The time lets systemd tell this reload from an earlier one. Node's clock is CLOCK_MONOTONIC, as systemd asks.
    const usec = process.hrtime.bigint() / 1000n;
    this.#send("RELOADING=1", `MONOTONIC_USEC=${usec}`, "STATUS=reloading");
  }

  /** The hub stops, and needs `seconds` for its clients. systemd then waits longer than `TimeoutStopSec`, if needed. */
  stopping(seconds: number): void {
    const usec = Math.ceil(seconds * 1_000_000) + stopMarginUsec;
    this.#send("STOPPING=1", `EXTEND_TIMEOUT_USEC=${usec}`, "STATUS=stopping");
  }

  #send(...assignments: readonly string[]): void {
    const program = this.#program;
    if (program === undefined) return;
    this.#unsent += 1;
    this.#sent = this.#sent.then(async () => {
      try {
        await program(assignments);
        this.#hasFailed = false;
      } catch (error) {
        this.#warn(error);
      }
      this.#unsent -= 1;
    });
  }

  #warn(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const reason = messageOf(error);
    this.#options.logger.warn({ reason }, "systemd gets no messages, which need the program systemd-notify");
  }

  /** Sends a message twice in each period of the watchdog [sd_watchdog_enabled(3)], unless earlier ones are unsent. */
  #feedWatchdog(): void {
    const periodMs = this.#watchdogMs;
    if (periodMs === undefined || this.#isWatched) return;
    this.#isWatched = true;
    this.#options.clock.every(periodMs / 2, () => {
      if (this.#unsent === 0) this.#send("WATCHDOG=1");
    });
  }

  /** Undefined if systemd does not watch this process. */
  get #watchdogMs(): number | undefined {
    const { environment, pid = process.pid } = this.#options;
    const { WATCHDOG_USEC: usec = "", WATCHDOG_PID: watched = String(pid) } = environment;
    return /^[1-9]\d*$/.test(usec) && watched === String(pid) ? Number(usec) / 1000 : undefined;
  }
}
