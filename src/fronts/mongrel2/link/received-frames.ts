import type { Clock } from "../../../base/clock.js";
import { type LimitedLog, limitedLog, type Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import { type Mongrel2Frame, parseMongrel2Frame, requestIdOf } from "../wire/request.js";
import { EndedIds } from "./ended-ids.js";
import { HeldFrames } from "./held-frames.js";

export interface ReceivedFramesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly labels: { readonly link: string };
  readonly limits: { readonly heldFrames: number; readonly heldBytes: number };
}

const logEveryMs = 10_000;

/**
 * The frames that arrive from one server. The link keeps all frames until the server has subscribed, and then parses
 * them. This class counts and logs refused frames.
 */
export class ReceivedFrames {
  readonly #options: ReceivedFramesOptions;
  readonly #held: HeldFrames;
  readonly #ended = new EndedIds();
  readonly #refused: LimitedLog;

  constructor(options: ReceivedFramesOptions) {
    this.#options = options;
    this.#held = new HeldFrames(options.limits);
    this.#refused = limitedLog({ logger: options.logger, clock: options.clock, periodMs: logEveryMs });
  }

  /** Keeps a frame until `takeHeld`. Refuses the frame if too many frames are kept. */
  hold(frame: Buffer): void {
    if (!this.#held.add(frame))
      this.#refuse("held-full", "the memory for frames before the subscription of Mongrel2 is full");
  }

  /** Removes the kept frames and returns them, oldest first. */
  takeHeld(): readonly Buffer[] {
    return this.#held.drain();
  }

  /**
   * Parses a frame; undefined if the frame's connection has ended. Such frames may be many: a client that floods its
   * connection can send 100,000 frames before the server closes the connection.
   */
  parse(frame: Buffer): Mongrel2Frame | undefined {
    const id = requestIdOf(frame);
    if (id !== undefined && this.#ended.has(id)) return undefined;
    const parsed = parseMongrel2Frame(frame);
    if (parsed.kind === "malformed") this.#refuse("malformed", parsed.reason);
    return parsed;
  }

  /** From now on the link ignores requests of this connection, but not notices about it. */
  end(id: number): void {
    this.#ended.add(id);
  }

  /** Call this method when the server has restarted, because a new run of the server uses the ids again. */
  forgetEnded(): void {
    this.#ended.clear();
  }

  #refuse(kind: string, reason: string): void {
    const { metrics, labels } = this.#options;
    metrics.count("frames_refused_total", 1, { ...labels, reason: kind });
    this.#refused({ ...labels, reason }, "refused a frame from Mongrel2");
  }
}
