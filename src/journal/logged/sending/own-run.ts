import type { Clock } from "../../../base/clock.js";
import { createEpoch } from "../../epoch.js";
import { runEndsAfterMs, type RecordHead } from "../../log/record.js";

/** Numbers the records that this hub sends. */
export class OwnRun {
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  #name: string = createEpoch();
  #n = 0;
  #lastMs: number;

  constructor(clock: Pick<Clock, "now" | "monotonic">) {
    this.#clock = clock;
    this.#lastMs = clock.monotonic();
  }

  get name(): string {
    return this.#name;
  }

  /** The next record has the number 1 of a new run. */
  begin(): void {
    this.#name = createEpoch();
    this.#n = 0;
  }

  /**
   * The head of the next record.
   *
   * @param isFirst true if no earlier record is on its way, so that a new run may begin
   */
  next(isFirst: boolean): RecordHead {
    const nowMs = this.#clock.monotonic();
    // The readers of the log forget a run that was silent for an hour. This clock may be slower than theirs.
    if (isFirst && nowMs - this.#lastMs > runEndsAfterMs / 2) this.begin();
    this.#lastMs = nowMs;
    this.#n += 1;
    return { run: this.#name, n: this.#n, atMs: this.#clock.now() };
  }
}
