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
  #lines: string[] = [];
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
    const { waitingBytes, output, clock } = this.#options;
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > waitingBytes) return this.#drop(1, "slow");
    this.#lines.push(line);
    this.#bytes += bytes;
    if (this.#writing !== undefined) return;
    if (this.#bytes >= output.mostBytes) this.#begin();
    else this.#timer ??= clock.after(gatherMs, () => this.#begin());
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

  #begin(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      for (const part of partsOf(lines, this.#options.output.mostBytes)) {
        try {
          await this.#options.output.write(Buffer.from(part.text));
        } catch (error) {
          this.#drop(part.lines, "failed", messageOf(error));
        }
        this.#bytes -= part.bytes;
      }
    }
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

interface Part {
  readonly text: string;
  readonly lines: number;
  readonly bytes: number;
}

/** The lines in parts of at most so many bytes. Each part has one line at least. */
function* partsOf(lines: readonly string[], most: number): Generator<Part, void> {
  let text = "";
  let [count, bytes] = [0, 0];
  for (const line of lines) {
    const length = Buffer.byteLength(line);
    if (count > 0 && bytes + length > most) {
      yield { text, lines: count, bytes };
      [text, count, bytes] = ["", 0, 0];
    }
    text += line;
    count += 1;
    bytes += length;
  }
  if (count > 0) yield { text, lines: count, bytes };
}
