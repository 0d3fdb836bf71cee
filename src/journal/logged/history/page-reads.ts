import type { Clock, Timer } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/log.js";
import type { HistoryRange, OlderEntries, PendingEntries } from "../../../hub/publications/history.js";
import type { Log } from "../../log/log.js";
import { LogPage } from "./log-page.js";
import type { LogPageOptions } from "./log-page.js";
import { RecentRecords } from "./recent-records.js";

/**
 * The most pages that are read at the same time. Each has up to 4 MiB of records and its entries in memory: 20 MB, and
 * 16 MiB of {@link RecentRecords}. A reader waits while others read, which costs only this reader.
 */
const mostReads = 4;

/**
 * The longest pause after a page, in milliseconds. After each page, its place rests for as long as the page took, so that
 * readers of old history need at most half of the time, and other clients keep their delay.
 */
const mostRestMs = 50;

/** The pause before a page is read again after a failure, in milliseconds. The log may need seconds to recover. */
const retryMs = 1000;

/** A page that is being read, or waits, and the readers that wait for it. */
interface Read {
  readonly page: LogPage;
  readonly takers: Set<(older: OlderEntries) => void>;
  /** Forgets the page, so that later requests begin a new one. */
  readonly unlist: () => void;
}

export interface PageReadsOptions extends Omit<LogPageOptions, "records"> {
  readonly log: Pick<Log, "first" | "read">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads pages of a log for readers behind the memory, a few at a time, in the order of the requests. Requests for the
 * same page share one read. A page that no reader waits for any more is not read to its end. If the log cannot be read,
 * its readers wait.
 */
export class PageReads {
  readonly #options: PageReadsOptions & LogPageOptions;
  /** The pages that a new request can share, by filters and then by the rest of the range. */
  readonly #shared = new Map<HistoryRange["filters"], Map<string, Read>>();
  readonly #waiting = new Set<Read>();
  readonly #timers = new Set<Timer>();
  #reading = 0;
  /** The places that rest. */
  #resting = 0;
  #isClosed = false;

  constructor(options: PageReadsOptions) {
    this.#options = { ...options, records: new RecentRecords(options.log) };
  }

  /** The number of pages that are being read. */
  get reading(): number {
    return this.#reading;
  }

  /** The number of pages that wait for others. */
  get waiting(): number {
    return this.#waiting.size;
  }

  request(range: HistoryRange, maxBytes: number): PendingEntries {
    return (take) => {
      const read = this.#find(range, maxBytes);
      // Each request has a function of its own, so that one that leaves takes nobody else along.
      const taker = (older: OlderEntries): void => take(older);
      read.takers.add(taker);
      return () => this.#leave(read, taker);
    };
  }

  /** Ends all reads. No reader gets its page any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    for (const timer of this.#timers) timer.cancel();
    for (const reads of this.#shared.values()) for (const { page } of reads.values()) page.cancel();
  }

  #find(range: HistoryRange, maxBytes: number): Read {
    const { filters, rights, after, upTo } = range;
    const reads = this.#shared.get(filters) ?? new Map<string, Read>();
    this.#shared.set(filters, reads);
    const key = `${after} ${upTo} ${maxBytes} ${rights.key}`;
    const known = reads.get(key);
    if (known !== undefined) return known;
    const unlist = (): void => {
      if (reads.delete(key) && reads.size === 0) this.#shared.delete(filters);
    };
    const read = { page: new LogPage(this.#options, range, maxBytes), takers: new Set<never>(), unlist };
    reads.set(key, read);
    this.#waiting.add(read);
    this.#readNext();
    return read;
  }

  #leave(read: Read, taker: (older: OlderEntries) => void): void {
    if (!read.takers.delete(taker) || read.takers.size > 0) return;
    read.unlist();
    read.page.cancel();
    this.#waiting.delete(read);
  }

  #readNext(): void {
    for (const read of this.#waiting) {
      if (this.#reading + this.#resting >= mostReads || this.#isClosed) return;
      this.#waiting.delete(read);
      this.#reading += 1;
      void this.#read(read);
    }
  }

  async #read(read: Read): Promise<void> {
    const beganMs = this.#options.clock.monotonic();
    try {
      await read.page.read();
      read.unlist();
      const older = read.page.entries;
      for (const take of read.takers) take(older);
    } catch (error) {
      this.#retryLater(read, error);
    } finally {
      this.#reading -= 1;
      this.#rest(Math.min(this.#options.clock.monotonic() - beganMs, mostRestMs));
    }
  }

  #rest(restMs: number): void {
    // Timers do not measure less than a millisecond.
    if (restMs < 1) return this.#readNext();
    this.#resting += 1;
    this.#after(restMs, () => {
      this.#resting -= 1;
      this.#readNext();
    });
  }

  #retryLater(read: Read, error: unknown): void {
    if (read.takers.size === 0 || this.#isClosed) return;
    this.#options.logger.warn(
      { error: messageOf(error) },
      "the log cannot be read; readers of old history wait",
    );
    this.#after(retryMs, () => {
      if (read.takers.size === 0) return;
      this.#waiting.add(read);
      this.#readNext();
    });
  }

  #after(delayMs: number, action: () => void): void {
    if (this.#isClosed) return;
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }
}
