import pc from "picocolors";

import { colourLine, gapSentence, jsonLine, plainLine, type ReceivedEvent } from "./event-lines.js";
import { gapEventType, type GapNotice } from "../../protocol.js";
import type { Io } from "./io.js";

/** How a connection stands: being made, open, or waiting before it is made again. */
export type PrintedState = "connecting" | "open" | "waiting";

const dots: Readonly<Record<PrintedState, string>> = Object.freeze({
  connecting: pc.yellow("●"),
  open: pc.green("●"),
  waiting: pc.red("●"),
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
  #connection = "";
  #events = 0;

  constructor(io: Io, options: { readonly json: boolean }) {
    this.#io = io;
    this.#json = options.json;
    this.#live = io.stdout.isTTY === true && !options.json;
  }

  event(event: ReceivedEvent): void {
    this.#events += 1;
    if (this.#json) this.#io.stdout.write(jsonLine(event));
    else if (this.#live) this.#above(colourLine(event, new Date()));
    else this.#io.stdout.write(plainLine(event));
  }

  gap(notice: GapNotice): void {
    const sentence = gapSentence(notice);
    if (this.#live) this.#above(pc.yellow(sentence));
    else this.#io.stderr.write(sentence);
    if (this.#json)
      this.#io.stdout.write(jsonLine({ id: "", type: gapEventType, data: JSON.stringify(notice) }));
  }

  /** `sentence` says it in words. */
  connection(state: PrintedState, sentence: string): void {
    this.#connection = `${dots[state]} ${sentence}`;
    if (this.#live) this.#io.stdout.write(this.#status());
    else this.#io.stderr.write(`${sentence}\n`);
  }

  /** Leaves the terminal as a next command expects it. */
  close(): void {
    if (this.#live) this.#io.stdout.write(clearLine);
  }

  #above(line: string): void {
    this.#io.stdout.write(`${clearLine}${line}${this.#status()}`);
  }

  #status(): string {
    const count = `${this.#events} event${this.#events === 1 ? "" : "s"}`;
    return `${clearLine}${this.#connection} ${pc.dim(`${count}. Ctrl-C ends.`)}`;
  }
}

/** Back to the first column, and nothing left on the line [ECMA-48 8.3.41]. */
const clearLine = "\r\u001B[K";
