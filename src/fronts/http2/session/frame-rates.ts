import type { Clock } from "../../../base/clock.js";
import { ConnectionFault, errorCode } from "../wire/protocol.js";

/**
 * The streams that a client may reset at once: a page with all its streams may close four times. Each of them made the
 * hub begin and end the work of a request.
 */
const mostResets = 1000;
const resetsPerSecond = 33;

/** The frames at once that ask for no work of a request: pings, settings, priorities, frames without data. */
const mostIdleFrames = 10_000;
const idleFramesPerSecond = 100;

/** The bytes of answers to pings and settings that may wait for a client that does not read. */
export const mostAnswerBytes = 64 * 1024;

/** The bytes of the head of a response, for the limit of heads that may wait. Most heads have 200 to 500 bytes. */
export const responseHeadBytes = 1024;

/** Counts up to a number at once, and from then on as many in a second as come back. */
class Allowance {
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #atMs: number;

  constructor(most: number, perSecond: number, nowMs: number) {
    this.#most = most;
    this.#perMs = perSecond / 1000;
    this.#left = most;
    this.#atMs = nowMs;
  }

  /** False if nothing is left. */
  take(nowMs: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** Limits the frames of one client that cost work and bring none, as in the attack "rapid reset" [CVE-2023-44487]. */
export class FrameRates {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #resets: Allowance;
  readonly #idle: Allowance;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    const nowMs = clock.monotonic();
    this.#resets = new Allowance(mostResets, resetsPerSecond, nowMs);
    this.#idle = new Allowance(mostIdleFrames, idleFramesPerSecond, nowMs);
  }

  /** @throws ConnectionFault if the client resets too many streams */
  countReset(): void {
    if (!this.#resets.take(this.#clock.monotonic()))
      throw new ConnectionFault(errorCode.enhanceYourCalm, "too many streams were reset");
  }

  /** @throws ConnectionFault if the client sends too many frames that bring no work */
  countIdle(): void {
    if (!this.#idle.take(this.#clock.monotonic()))
      throw new ConnectionFault(errorCode.enhanceYourCalm, "too many frames without a request");
  }
}
