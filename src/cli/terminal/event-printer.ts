import pc from "picocolors";

import { colourLine, gapSentence, jsonLine, plainLine, type ReceivedEvent } from "./event-lines.js";
import { gapEventType, type GapNotice } from "../../protocol.js";
import type { Io } from "./io.js";

/** The state of a connection; `waiting` means that the client will reconnect after a delay. */
export type PrintedState = "connecting" | "open" | "waiting";

const dots: Readonly<Record<PrintedState, string>> = Object.freeze({
  connecting: pc.yellow("●"),
  open: pc.green("●"),
  waiting: pc.red("●"),
});

/**
 * Prints the events of a subscription. On a terminal the last line shows the state of the connection. Without a
 * terminal, the events are written to standard output, and changes of the connection to standard error. A gap is always
 * written to standard error.
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
      this.#io.stdout.write(
        jsonLine({ id: "", topics: [], type: gapEventType, data: JSON.stringify(notice) }),
      );
  }

  /** `sentence` describes the state. */
  connection(state: PrintedState, sentence: string): void {
    this.#connection = `${dots[state]} ${sentence}`;
    if (this.#live) this.#io.stdout.write(this.#status());
    else this.#io.stderr.write(`${sentence}\n`);
  }

  /** Restores the terminal for the next command. */
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

/** Moves to the first column and clears the line [ECMA-48 8.3.41]. */
const clearLine = "\r\u001B[K";
