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

/** The assignments of one message. */
type Message = readonly [string, ...string[]];

const readyMessage = "READY=1";
const reloadingMessage = "RELOADING=1";

/** The time that an orderly stop may take beside its drain, in microseconds. */
const stopMarginUsec = 30_000_000;

/**
 * Tells systemd what the hub does, if systemd has started it with `Type=notify`. The messages keep their order. Nothing
 * waits for systemd. If a message cannot be sent, the hub goes on, and the log says so once, until a message is sent
 * again. At most four messages wait: the end of one reload, the last reload, and the stop. So a stop does not wait for the
 * messages of a thousand reloads.
 */
export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #program: NotifyProgram | undefined;
  /** The messages that wait for the one before them. */
  #waiting: Message[] = [];
  #isSending = false;
  #hasFailed = false;
  #isWatched = false;
  #isStopping = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    const { environment, program = systemdNotify(environment) } = options;
    this.#program = (environment["NOTIFY_SOCKET"] ?? "") === "" ? undefined : program;
  }

  /**
   * The hub serves. `status` is one line for `systemctl status`. From the first call on, the watchdog is fed. Has no effect
   * after {@link stopping}.
   */
  ready(status: string): void {
    if (this.#isStopping) return;
    if (this.#waiting.at(-1)?.[0] === readyMessage) this.#waiting.pop();
    this.#send(readyMessage, `STATUS=${status}`);
    this.#feedWatchdog();
  }

  /**
   * The hub loads its configuration again. Call {@link ready} when it is loaded, or when it could not be loaded. Both
   * messages replace those of an earlier reload that still wait. Has no effect after {@link stopping}, because for systemd
   * a hub that stops cannot reload.
   */
  reloading(): void {
    if (this.#isStopping) return;
    const earlier = this.#waiting.findIndex(([first]) => first === reloadingMessage);
    if (earlier >= 0) this.#waiting.splice(earlier);
    // The time lets systemd tell this reload from an earlier one. Node's clock is CLOCK_MONOTONIC, as systemd asks.
    const usec = process.hrtime.bigint() / 1000n;
    this.#send(reloadingMessage, `MONOTONIC_USEC=${usec}`, "STATUS=reloading");
  }

  /** The hub stops, and needs `seconds` for its clients. systemd then waits longer than `TimeoutStopSec`, if needed. */
  stopping(seconds: number): void {
    this.#isStopping = true;
    const usec = Math.ceil(seconds * 1_000_000) + stopMarginUsec;
    this.#send("STOPPING=1", `EXTEND_TIMEOUT_USEC=${usec}`, "STATUS=stopping");
  }

  #send(...message: Message): void {
    if (this.#program === undefined) return;
    this.#waiting.push(message);
    if (!this.#isSending) void this.#sendAll(this.#program);
  }

  async #sendAll(program: NotifyProgram): Promise<void> {
    this.#isSending = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await program(next);
        this.#hasFailed = false;
      } catch (error) {
        this.#warn(error);
      }
    }
    this.#isSending = false;
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
      if (!this.#isSending) this.#send("WATCHDOG=1");
    });
  }

  /** Undefined if systemd does not watch this process. */
  get #watchdogMs(): number | undefined {
    const { environment, pid = process.pid } = this.#options;
    const { WATCHDOG_USEC: usec = "", WATCHDOG_PID: watched = String(pid) } = environment;
    return /^[1-9]\d*$/.test(usec) && watched === String(pid) ? Number(usec) / 1000 : undefined;
  }
}
