import pc from "picocolors";

import { colourLine, gapSentence, jsonLine, plainLine, type ReceivedEvent } from "./event-lines.js";
import type { Io } from "./io.js";

/** How a subscription stands. */
export type StreamState = "connecting" | "open" | "closed";

const sentences: Readonly<Record<StreamState, string>> = Object.freeze({
  connecting: "Connecting...",
  open: "Connected.",
  closed: "Closed.",
});

const dots: Readonly<Record<StreamState, string>> = Object.freeze({
  connecting: pc.yellow("●"),
  open: pc.green("●"),
  closed: pc.red("●"),
});

/**
 * Prints what a subscription receives. On a terminal events run above a line that tells how the connection stands;
 * elsewhere standard output gets the events alone, and standard error what happens to the connection. A gap is
 * said aloud on standard error in every form.
 */
export class EventPrinter {
  readonly #io: Io;
  readonly #json: boolean;
  readonly #live: boolean;
  #state: StreamState | undefined;
  #events = 0;

  constructor(io: Io, options: { readonly json: boolean }) {
    this.#io = io;
    this.#json = options.json;
    this.#live = io.stdout.isTTY === true && !options.json;
  }

  event(event: ReceivedEvent): void {
    this.#events += 1;
    const gap = gapSentence(event);
    if (gap !== undefined) this.#say(gap);
    if (this.#json) this.#io.stdout.write(jsonLine(event));
    else if (gap === undefined) this.#print(event);
  }

  state(state: StreamState): void {
    if (state === this.#state) return;
    this.#state = state;
    if (this.#live) this.#io.stdout.write(this.#status());
    else this.#io.stderr.write(`${sentences[state]}\n`);
  }

  /** Leaves the terminal as a next command expects it. */
  close(): void {
    if (this.#live) this.#io.stdout.write(clearLine);
  }

  #print(event: ReceivedEvent): void {
    if (!this.#live) {
      this.#io.stdout.write(plainLine(event));
      return;
    }
    this.#io.stdout.write(`${clearLine}${colourLine(event, new Date())}${this.#status()}`);
  }

  #say(sentence: string): void {
    if (this.#live) this.#io.stdout.write(`${clearLine}${pc.yellow(sentence)}${this.#status()}`);
    else this.#io.stderr.write(sentence);
  }

  #status(): string {
    const count = `${this.#events} event${this.#events === 1 ? "" : "s"}`;
    const state = this.#state ?? "connecting";
    return `${clearLine}${dots[state]} ${sentences[state]} ${pc.dim(`${count}. Ctrl-C ends.`)}`;
  }
}

/** Back to the first column, and nothing left on the line [ECMA-48 8.3.41]. */
const clearLine = "\r\u001B[K";
