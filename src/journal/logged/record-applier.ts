import type { Metrics } from "../../base/metrics.js";
import type { TurnBudget } from "../../base/turn-budget.js";
import type { Answers, Ids } from "../answers.js";
import { countPublication } from "../count-publication.js";
import type { EpochChain } from "../epoch-chain.js";
import type { LogRules } from "./log-rules.js";
import type { Sequence } from "../log/log.js";
import { offsetAt } from "../log/record.js";
import type { LogItem, LoggedGroup, LoggedNote, LoggedPublication } from "../log/record.js";
import type { MemoryHistory, Stored } from "../memory/memory-history.js";
import type { MemoryFill } from "../memory-fill.js";
import type { NodeTable } from "./nodes/node-table.js";
import type { OffsetSpan } from "./history/offset-spans.js";

/** A record that the log has stored, with its items. */
export interface AcceptedRecord {
  readonly sequence: Sequence;
  /** The time of the log, in milliseconds since 1970. */
  readonly atMs: number;
  readonly items: readonly LogItem[];
  /**
   * The time when this hub accepted the oldest item, as {@link Stored.sinceMs}. Undefined for a record of another hub, or
   * of an earlier run.
   */
  readonly sinceMs?: number | undefined;
}

export interface RecordApplierOptions {
  readonly history: MemoryHistory;
  /** Counts the memory of all entries. */
  readonly filled: MemoryFill;
  readonly epochs: EpochChain;
  readonly answers: Answers;
  readonly rules: LogRules;
  /** Called for each note, in order with the publications. */
  readonly noted: (note: LoggedNote) => void;
  readonly nodes: Pick<NodeTable, "beat" | "gone">;
  readonly metrics: Metrics;
  /** The time for records in each turn of the event loop. */
  readonly budget: TurnBudget;
  /** Called for the publications of a group whose request had its answer already: they do not count. */
  readonly skipped: (span: OffsetSpan) => void;
}

type EntryPlace = Pick<Stored, "offset" | "atMs" | "sinceMs">;

/**
 * Applies the records of a log to the history in memory, in the order of the log. Every hub that reads the same log
 * reaches the same state. A large record takes several turns of the event loop.
 */
export class RecordApplier {
  readonly #options: RecordApplierOptions;
  #isLive = false;

  constructor(options: RecordApplierOptions) {
    this.#options = options;
  }

  /** From now on, publications count in the metrics. A replay does not count them again. */
  goLive(): void {
    this.#isLive = true;
  }

  /**
   * Applies a record. Call this after the last call has resolved.
   *
   * @param done called for each item, in order, with the event ids of its publications
   */
  async apply({ sequence, atMs, items, sinceMs }: AcceptedRecord, done?: (index: number, ids: Ids) => void) {
    const { budget } = this.#options;
    let offset = offsetAt(sequence, 0);
    for (const [index, item] of items.entries()) {
      if (item.kind !== "group") {
        this.#applyOther(item, sequence);
        done?.(index, []);
        continue;
      }
      const first = this.#firstAnswer(item, { offset, atMs });
      const ids: string[] = [];
      // Most groups have one publication. To call and await a function for each group would cost as much as to apply it.
      for (const logged of first === undefined ? item.publications : []) {
        while (budget.isUsedUp()) await budget.pauseIfUsedUp();
        ids.push(this.#take(logged, { offset: offset + ids.length, atMs, sinceMs }));
      }
      if (first === undefined) this.#remember(item, ids, atMs);
      done?.(index, first ?? ids);
      offset += item.publications.length;
    }
  }

  /** The answer to an earlier group with the same name: the publications of this group do not count then. */
  #firstAnswer({ once, publications }: LoggedGroup, { offset, atMs }: EntryPlace): Ids | undefined {
    const { answers, skipped } = this.#options;
    const first = once === undefined ? undefined : answers.find(once, atMs);
    if (first !== undefined) skipped({ from: offset, upTo: offset + publications.length - 1 });
    return first;
  }

  #take({ publication, keepsId }: LoggedPublication, place: EntryPlace): string {
    const { history, filled, metrics } = this.#options;
    const entry = history.take({ ...place, publication, keepsId });
    filled.add(entry.bytes);
    if (this.#isLive) countPublication(metrics, entry);
    return entry.id;
  }

  #remember({ once }: LoggedGroup, ids: Ids, atMs: number): void {
    if (once !== undefined) this.#options.answers.remember(once, ids, atMs);
  }

  #applyOther(item: Exclude<LogItem, LoggedGroup>, sequence: Sequence): void {
    const { history, epochs, rules, nodes, noted } = this.#options;
    if (item.kind === "epoch") epochs.begin(item.epoch, offsetAt(sequence, 0) - 1);
    if (item.kind === "evict") history.evictAll(item.topic);
    if (item.kind === "rules") rules.set(item);
    if (item.kind === "note") noted(item);
    if (item.kind === "node") nodes.beat(item.beat, sequence);
    if (item.kind === "gone") nodes.gone(item);
  }
}
