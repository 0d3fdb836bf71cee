import type { Io } from "./io.js";

/** The time between two updates of the line on the terminal, in milliseconds. */
const updateMs = 200;

/**
 * Tells on standard error how many lines are published: at a terminal while the command runs, and everywhere at its end.
 * If standard input is a terminal, too, the count would disturb the user's lines, so that only the end is told.
 */
export class LineCount {
  readonly #io: Io;
  readonly #isLive: boolean;
  #count = 0;
  #shownAtMs = 0;
  #isShown = false;
  #ended = false;

  constructor(io: Io) {
    this.#io = io;
    this.#isLive = io.stderr.isTTY === true && io.stdin.isTTY !== true;
  }

  /** @param nowMs on a clock that never goes back */
  published(count: number, nowMs: number): void {
    this.#count = count;
    if (!this.#isLive || this.#ended || nowMs - this.#shownAtMs < updateMs) return;
    this.#shownAtMs = nowMs;
    this.#isShown = true;
    this.#io.stderr.write(`${clearLine}${this.#sentence()}`);
  }

  /** Tells the final count, once. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#io.stderr.write(`${this.#isShown ? clearLine : ""}${this.#sentence()}\n`);
  }

  #sentence(): string {
    return `${this.#count} ${this.#count === 1 ? "line" : "lines"} published.`;
  }
}

/** Moves to the first column and clears the line [ECMA-48 8.3.41]. */
const clearLine = "\r\u001B[K";
