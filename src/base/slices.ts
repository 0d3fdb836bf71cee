import type { Clock } from "./clock.js";

/** How long work goes on before others have their turn, in milliseconds. */
const sliceMs = 5;

/** Divides long work among turns of the event loop. */
export class Slices {
  readonly #clock: Pick<Clock, "monotonic" | "endOfTurn">;
  #sinceMs: number;

  /** The first slice begins now. */
  constructor(clock: Pick<Clock, "monotonic" | "endOfTurn">) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  /** To be asked between two pieces of work: undefined while the slice lasts, else a promise to wait for. */
  rest(): Promise<void> | undefined {
    if (this.#clock.monotonic() - this.#sinceMs < sliceMs) return undefined;
    return new Promise((resolve) =>
      this.#clock.endOfTurn(() => {
        this.#sinceMs = this.#clock.monotonic();
        resolve();
      }),
    );
  }
}
