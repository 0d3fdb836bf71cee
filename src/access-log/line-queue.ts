import { atMost } from "../base/at-most.js";
import type { Clock, Timer } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import { limitedLog, type LimitedLog, type Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { LineOutput } from "./line-output.js";

export interface LineQueueOptions {
  readonly output: LineOutput;
  /** The most bytes of lines that wait. Above it, lines are dropped. */
  readonly waitingBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The longest time that a line waits for further lines, in milliseconds: each write costs as much as 20 lines. */
const gatherMs = 100;

/** The longest time that the end of the hub waits for lines, in milliseconds. */
const closeWithinMs = 1000;

/** The period in which at most one log line tells of dropped lines, in milliseconds. */
const tellEveryMs = 10_000;

/**
 * Writes lines in the background, many at once. `add` never waits: if the output is slow or fails, lines are dropped,
 * counted and told in the log.
 */
export class LineQueue {
  readonly #options: LineQueueOptions;
  readonly #tell: LimitedLog;
  /** The lines that are not written yet, one part for each write. Only the last part gets further lines. */
  readonly #parts: Part[] = [];
  /** The bytes of all parts, and of the write in progress. */
  #bytes = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: LineQueueOptions) {
    this.#options = options;
    this.#tell = limitedLog({ ...options, periodMs: tellEveryMs });
  }

  /** Adds a line with its line break. Ignored after `close`. */
  add(line: string): void {
    if (this.#isClosed) return;
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#options.waitingBytes) return this.#drop(1, "slow");
    this.#append(line, bytes);
    if (this.#writing !== undefined) return;
    if (this.#isFull) this.#begin();
    else this.#gather();
  }

  reopen(): void {
    this.#options.output.reopen();
    this.#begin();
  }

  /** Writes all lines and closes the output, in a second at most. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#begin();
    const closed = async (): Promise<void> => {
      await this.#writing;
      await this.#options.output.close();
    };
    await atMost(this.#options.clock, closeWithinMs, closed());
  }

  #append(line: string, bytes: number): void {
    this.#bytes += bytes;
    const last = this.#parts.at(-1);
    if (last === undefined || last.bytes + bytes > this.#options.output.mostBytes) {
      this.#parts.push({ text: line, lines: 1, bytes });
      return;
    }
    last.text += line;
    last.lines += 1;
    last.bytes += bytes;
  }

  /** True if the first part gets no further line. */
  get #isFull(): boolean {
    const [first] = this.#parts;
    return this.#parts.length > 1 || (first !== undefined && first.bytes >= this.#options.output.mostBytes);
  }

  #gather(): void {
    this.#timer ??= this.#options.clock.after(gatherMs, () => this.#begin());
  }

  #begin(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#parts.length > 0) this.#writing ??= this.#writeParts();
  }

  /**
   * Writes the first part, and then the parts that are full. The other lines wait again: in a hub that is never idle, each
   * write would else have only the lines of one turn of the event loop.
   */
  async #writeParts(): Promise<void> {
    do {
      const part = this.#parts.shift();
      if (part !== undefined) await this.#write(part);
    } while (this.#isFull || (this.#isClosed && this.#parts.length > 0));
    this.#writing = undefined;
    if (this.#parts.length > 0) this.#gather();
  }

  async #write({ text, lines, bytes }: Part): Promise<void> {
    try {
      await this.#options.output.write(Buffer.from(text));
    } catch (error) {
      this.#drop(lines, "failed", messageOf(error));
    }
    this.#bytes -= bytes;
  }

  #drop(lines: number, reason: "slow" | "failed", detail?: string): void {
    this.#options.metrics.count("access_log_dropped_total", lines, { reason });
    const why = reason === "slow" ? "its disk or its reader is too slow" : "they cannot be written";
    this.#tell(
      { lines, ...(detail === undefined ? {} : { reason: detail }) },
      `the access log drops lines: ${why}`,
    );
  }
}

/** The lines of one write: at most as many bytes as the output takes at once, but at least one line. */
interface Part {
  text: string;
  lines: number;
  bytes: number;
}
