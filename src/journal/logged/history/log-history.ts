import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";
import { TurnBudget } from "../../../base/turn-budget.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type {
  Cursor,
  HistoryRange,
  LossMark,
  LossReport,
  PendingEntries,
} from "../../../hub/publications/history.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { Topic } from "../../../hub/topics/topic.js";
import type { StoredHistory } from "../../journal.js";
import type { Log } from "../../log/log.js";
import { offsetAt } from "../../log/record.js";
import type { MemoryHistory } from "../../memory/memory-history.js";
import { SnapshotItem } from "../../snapshot-item.js";
import type { SnapshotPart } from "../../snapshot-part.js";
import type { NewestRange, TopicCounts, TopicPage, TopicPageRange } from "../../topic-history-reader.js";
import { OffsetSpans } from "./offset-spans.js";
import type { OffsetSpan } from "./offset-spans.js";
import { PageReads } from "./page-reads.js";

/** The time for which all pages together may be decoded in a turn. Live readers wait for as long at most. */
const pageMs = 2;

/** The most holes in the log that are known one by one: 100 KB. With more, the oldest ones become one. */
const mostHoles = 1000;

/**
 * The most ranges of publications in the log that no hub has applied: 6.4 MB. There is one for each record that was
 * appended twice. With more, readers of the oldest ones get them again.
 */
const mostSkips = 65_536;

export interface LogHistoryOptions {
  /** The history in memory. Its option `logStart` is {@link startOf} the same log. */
  readonly memory: MemoryHistory;
  readonly log: Pick<Log, "first" | "read">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The offset from which on a log has everything: 0 if the log has removed nothing yet. */
export function startOf({ first }: Pick<Log, "first">): Offset {
  return first <= 1 ? 0 : offsetAt(first, 0);
}

/**
 * The history of a journal with a log: the history in memory, and behind it the log. A reader that needs entries which
 * memory has evicted gets pages of the log, up to the newest of them; after that, memory has everything. Where the log
 * has nothing, before its start and in holes, the reader gets what memory has, and a gap if that may not be all.
 *
 * {@link newest} and {@link countsOf} know only what is in memory. Entries from the log have the ordinal 1: nobody has
 * counted them.
 */
export class LogHistory implements StoredHistory {
  readonly #memory: MemoryHistory;
  readonly #log: LogHistoryOptions["log"];
  readonly #logger: Logger;
  readonly #reads: PageReads;
  readonly #holes = new OffsetSpans();
  /** The mark of the newest hole. */
  #holesAt: LossMark = 0;
  readonly #skips = new OffsetSpans();
  /** The part of a snapshot that says which publications of the log no hub has applied. */
  readonly skips: SnapshotPart;

  constructor({ memory, log, clock, logger }: LogHistoryOptions) {
    this.#memory = memory;
    this.#log = log;
    this.#logger = logger;
    this.#reads = new PageReads({
      log,
      clock,
      logger,
      budget: new TurnBudget(clock, pageMs),
      idAt: (offset) => memory.idAt(offset),
      hidden: memory,
      isSkipped: (offset) => this.#skips.has(offset),
      lost: (span, reason) => this.#lose(span, reason),
    });
    this.skips = {
      name: "skipped",
      save: () => [...this.#skips],
      load: (item) => this.#loadSkip(new SnapshotItem("skipped", item)),
    };
  }

  /** The number of pages that are being read from the log, or wait. */
  get pendingPages(): number {
    return this.#reads.reading + this.#reads.waiting;
  }

  /** Ends the reads of the log. Readers that wait for a page get none. */
  close(): void {
    this.#reads.close();
  }

  /**
   * Notes that records are lost which the memory has not taken: whatever they had, it is in neither. All readers behind
   * them get a gap.
   */
  lost(span: OffsetSpan): void {
    this.#lose(span, "records are lost");
  }

  /** Notes that publications of a stored record were not applied, so that no reader gets them. */
  skip(span: OffsetSpan): void {
    this.#skips.add(span);
    this.#skips.dropOldest(mostSkips);
  }

  older(range: HistoryRange, maxBytes: number): PendingEntries | undefined {
    const hole = this.#holeAfter(range.after);
    if (hole.from <= range.after + 1) return undefined;
    const upTo = Math.min(range.upTo, hole.from - 1, this.#memory.evictedUpTo(range));
    return upTo > range.after ? this.#reads.request({ ...range, upTo }, maxBytes) : undefined;
  }

  /** As {@link StoredHistory.read}. The read ends early where {@link older} has to go on. */
  read(range: HistoryRange, visit: (entry: Entry) => boolean): Offset {
    const { after } = range;
    const evictedUpTo = this.#memory.evictedUpTo(range);
    if (evictedUpTo <= after) return this.#memory.read(range, visit);
    const hole = this.#holeAfter(after);
    if (hole.from > after + 1) return after;
    return this.#memory.read({ ...range, upTo: Math.min(range.upTo, hole.upTo) }, visit);
  }

  losses(range: HistoryRange, lossMark: LossMark): LossReport {
    const holesEnd = this.#holes.last?.upTo ?? 0;
    const report = this.#memory.losses(range, lossMark, Math.max(startOf(this.#log) - 1, holesEnd));
    const isInHole = holesEnd > range.after && this.#holesAt > lossMark;
    if (!isInHole) return report;
    const asOf = report.isComplete ? Math.max(report.asOf, this.#holesAt) : report.asOf;
    return { ...report, more: true, asOf };
  }

  holds(topic: Topic, offset: Offset): boolean {
    if (this.#memory.holds(topic, offset)) return true;
    return this.#holeAfter(offset - 1).from > offset && !this.#memory.isHidden(topic, offset);
  }

  get run(): string {
    return this.#memory.run;
  }

  get head(): Offset {
    return this.#memory.head;
  }

  get removals(): number {
    return this.#memory.removals;
  }

  get nowMs(): number {
    return this.#memory.nowMs;
  }

  takeExpired(): Offset {
    return this.#memory.takeExpired();
  }

  mayDelete(topic: Topic): boolean {
    return this.#memory.mayDelete(topic);
  }

  get bytes(): number {
    return this.#memory.bytes;
  }

  get ageMs(): number {
    return this.#memory.ageMs;
  }

  get topicCount(): number {
    return this.#memory.topicCount;
  }

  idAt(offset: Offset): string {
    return this.#memory.idAt(offset);
  }

  locate(eventId: string, rights?: Rights): Cursor {
    return this.#memory.locate(eventId, rights);
  }

  locateIn(topics: readonly Topic[], eventId: string, rights?: Rights): Cursor {
    return this.#memory.locateIn(topics, eventId, rights);
  }

  newest(topic: Topic, wanted: NewestRange): readonly Entry[] {
    return this.#memory.newest(topic, wanted);
  }

  page(topic: Topic, wanted: TopicPageRange): TopicPage {
    return this.#memory.page(topic, wanted);
  }

  countsOf(topic: Topic, rights: Rights): TopicCounts | undefined {
    return this.#memory.countsOf(topic, rights);
  }

  topicNames(): Iterable<Topic> {
    return this.#memory.topicNames();
  }

  /** The first offsets after this one that the log does not have; beyond all offsets if the log has them all. */
  #holeAfter(after: Offset): OffsetSpan {
    const start = startOf(this.#log);
    this.#holes.dropBefore(start);
    this.#skips.dropBefore(start);
    if (after + 1 < start) return { from: 0, upTo: start - 1 };
    return this.#holes.endingFrom(after + 1) ?? { from: Infinity, upTo: Infinity };
  }

  #lose(span: OffsetSpan, reason: string): void {
    this.#holes.add(span);
    this.#holes.joinOldest(mostHoles);
    this.#holesAt = this.#memory.nextLossMark();
    this.#logger.error({ ...span, reason }, "a part of the log is lost; subscribers get a gap");
  }

  #loadSkip(fields: SnapshotItem): void {
    this.skip({ from: fields.count("from"), upTo: fields.count("upTo") });
  }
}
