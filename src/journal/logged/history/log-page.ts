import { PharosError } from "../../../base/errors.js";
import type { TurnBudget } from "../../../base/turn-budget.js";
import { filterSetOf } from "../../../hub/filters/filter-set.js";
import { expiresAtMs } from "../../../hub/publications/expiries.js";
import { Entry } from "../../../hub/publications/entry.js";
import type { HistoryRange, OlderEntries } from "../../../hub/publications/history.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Publication } from "../../../hub/publications/publication.js";
import { mayRead } from "../../../hub/publications/rights.js";
import type { Topic } from "../../../hub/topics/topic.js";
import { decodeHead } from "../../log/decode-record.js";
import type { Sequence, StoredRecord } from "../../log/log.js";
import { publicationsIn } from "../../log/publications-in.js";
import { offsetAt, sequenceOf } from "../../log/record.js";
import type { LoggedPublication } from "../../log/record.js";
import type { MemoryHistory } from "../../memory/memory-history.js";
import type { OffsetSpan } from "./offset-spans.js";
import type { RecentRecords } from "./recent-records.js";

/** The bytes of the largest read. A record may have as many, so smaller reads would not save memory. */
const mostReadBytes = 4 * 1024 * 1024;

/**
 * The bytes of the first read of a page: the page of an event stream has 64 KiB of data. Each further read has twice as
 * many. So a reader that wants everything needs one read, and one that wants little soon reads much at once.
 */
const leastReadBytes = 128 * 1024;

/** The bytes of the log that one page covers at most. At 200 MB/s, the readers that wait get their turn after 40 ms. */
const scannedBytes = 8 * 1024 * 1024;

/**
 * The ordinal of entries from the log, which nobody has counted. It is positive like all ordinals: clients of push
 * streams take a message with another number for a control message.
 */
const uncountedOrdinal = 1;

/** The most exact filters whose topics are searched as text. Each search of a record of 4 MiB takes 1.5 ms at once. */
const mostSearchedTopics = 4;

export interface LogPageOptions {
  readonly records: RecentRecords;
  readonly budget: TurnBudget;
  /** The event id of a publication without an own id. */
  readonly idAt: (offset: Offset) => string;
  /** What was deleted or has expired, or was evicted as a whole: readers must not get it. */
  readonly hidden: Pick<MemoryHistory, "hidings" | "isHidden" | "nowMs">;
  /** True for the offset of a publication that no hub has applied. */
  readonly isSkipped: (offset: Offset) => boolean;
  /** Called for offsets whose records are missing. */
  readonly lost: (span: OffsetSpan, reason: string) => void;
}

/**
 * Reads the next page of a log for one reader: the oldest entries of the range. The page ends before a hole in the log,
 * and after {@link scannedBytes}, so it may have no entries at all.
 */
export class LogPage {
  readonly #options: LogPageOptions;
  readonly #range: HistoryRange;
  readonly #maxBytes: number;
  readonly #topics: readonly Topic[] | undefined;
  /** The number of hidings at the begin of the page. */
  readonly #hidings: number;
  /** The first offset of the page. */
  readonly #begin: Offset;
  #isCancelled = false;
  #entries: Entry[] = [];
  #bytes = 0;
  #atMs = 0;
  #upTo: Offset;
  #isFull = false;

  constructor(options: LogPageOptions, range: HistoryRange, maxBytes: number) {
    this.#options = options;
    this.#range = range;
    this.#maxBytes = maxBytes;
    this.#hidings = options.hidden.hidings;
    // The first record of a log is record 1.
    this.#upTo = Math.max(range.after, offsetAt(1, 0) - 1);
    this.#begin = this.#upTo + 1;
    const topics = range.filters.flatMap((filter) => (filter.kind === "exact" ? [filter.topic] : []));
    const isSearched = topics.length === range.filters.length && topics.length <= mostSearchedTopics;
    this.#topics = isSearched ? topics : undefined;
  }

  /**
   * The entries that were read, without those that were deleted meanwhile. Call this in the turn in which a reader takes
   * them: a later deletion must not come between.
   */
  get entries(): OlderEntries {
    if (this.#isGone()) return { entries: [], upTo: this.#range.after };
    this.#endBeforeHidden();
    return { entries: this.#entries, upTo: this.#upTo };
  }

  /** Ends the work soon. The result is meaningless then. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** Rejects if the log cannot be read now. Then call this again later: the page goes on where it was. */
  async read(): Promise<void> {
    let scanned = 0;
    let readBytes = leastReadBytes;
    while (!this.#isDone() && scanned < scannedBytes) {
      const next = sequenceOf(this.#upTo + 1);
      const records = await this.#options.records.read(next - 1, readBytes);
      readBytes = Math.min(2 * readBytes, mostReadBytes);
      if (records.length === 0) this.#miss(this.#range.upTo);
      for (const record of records) {
        if (this.#isDone()) break;
        scanned += record.payload.length;
        await this.#take(record);
      }
    }
  }

  /**
   * True if the log has removed the first record meanwhile. Then nobody knows any more which of its publications were
   * skipped, and the reader gets a gap instead of the page.
   */
  #isGone(): boolean {
    return sequenceOf(this.#begin) < this.#options.records.first;
  }

  #isDone(): boolean {
    return this.#isFull || this.#isCancelled || this.#upTo >= this.#range.upTo;
  }

  async #take({ sequence, payload }: StoredRecord): Promise<void> {
    const start = offsetAt(sequence, 0);
    if (start > this.#upTo + 1) this.#miss(start - 1);
    if (this.#isDone()) return;
    const before = { count: this.#entries.length, bytes: this.#bytes };
    try {
      await this.#scan(sequence, payload);
    } catch (error) {
      if (!(error instanceof PharosError && error.code === "bad-record")) throw error;
      // A message of another program. No hub has applied any part of it.
      this.#entries = this.#entries.slice(0, before.count);
      this.#bytes = before.bytes;
      this.#upTo = Math.min(this.#range.upTo, offsetAt(sequence + 1, 0) - 1);
    }
  }

  async #scan(sequence: Sequence, payload: Buffer): Promise<void> {
    const { after, upTo } = this.#range;
    this.#atMs = Math.max(this.#atMs, decodeHead(payload).atMs);
    const from = Math.max(0, after + 1 - offsetAt(sequence, 0));
    for (const logged of publicationsIn(payload, { from, topics: this.#topics })) {
      await this.#options.budget.pauseIfUsedUp();
      const offset = offsetAt(sequence, logged.index);
      if (this.#isCancelled || offset > upTo) break;
      if (this.#isWanted(logged.publication, offset)) this.#add(logged, offset);
      if (this.#isFull) return this.#options.records.keep({ sequence, payload });
    }
    this.#upTo = Math.min(upTo, offsetAt(sequence + 1, 0) - 1);
  }

  #isWanted(publication: Publication, offset: Offset): boolean {
    const { filters, rights } = this.#range;
    if (!mayRead(rights, publication) || this.#options.isSkipped(offset)) return false;
    if (expiresAtMs({ atMs: this.#atMs, publication }) <= this.#options.hidden.nowMs) return false;
    const set = filterSetOf(filters);
    const topics = publication.topics.filter((topic) => set.matches(topic));
    if (topics.length === 0) return false;
    if (!this.#areHidden(topics, offset)) return true;
    // The reader learns of a deletion or eviction before its next page. So a page that began before it ends here.
    if (this.#options.hidden.hidings > this.#hidings) this.#endBefore(offset);
    return false;
  }

  #areHidden(topics: readonly Topic[], offset: Offset): boolean {
    return topics.every((topic) => this.#options.hidden.isHidden(topic, offset));
  }

  /** Ends the page before the first entry that was deleted, or evicted, while the page was read. */
  #endBeforeHidden(): void {
    if (this.#options.hidden.hidings === this.#hidings) return;
    const set = filterSetOf(this.#range.filters);
    const index = this.#entries.findIndex(({ offset, publication }) =>
      this.#areHidden(
        publication.topics.filter((topic) => set.matches(topic)),
        offset,
      ),
    );
    if (index === -1) return;
    const [first] = this.#entries.splice(index);
    if (first !== undefined) this.#endBefore(first.offset);
  }

  #add({ publication, keepsId }: LoggedPublication, offset: Offset): void {
    const { id } = publication;
    const eventId = keepsId && id !== undefined ? id : this.#options.idAt(offset);
    const entry = new Entry({ offset, id: eventId, publication, atMs: this.#atMs });
    entry.ordinal = uncountedOrdinal;
    if (this.#entries.length > 0 && this.#bytes + entry.bytes > this.#maxBytes)
      return this.#endBefore(offset);
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  #endBefore(offset: Offset): void {
    this.#isFull = true;
    this.#upTo = offset - 1;
  }

  /** Ends the page before records that are missing. What the log has removed at its start is no hole. */
  #miss(upTo: Offset): void {
    const from = this.#upTo + 1;
    if (sequenceOf(from) < this.#options.records.first) this.#isFull = true;
    else this.#lose({ from, upTo }, "records are missing");
  }

  #lose(span: OffsetSpan, reason: string): void {
    this.#isFull = true;
    this.#options.lost(span, reason);
  }
}
