import type { Metrics } from "../../base/metrics.js";
import type { TurnBudget } from "../../base/turn-budget.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Answers, Ids } from "../answers.js";
import { countPublication } from "../count-publication.js";
import type { EpochChain } from "../epoch-chain.js";
import type { LogRules } from "./log-rules.js";
import type { Sequence } from "../log/log.js";
import { offsetAt } from "../log/record.js";
import type { LogItem, LoggedGroup, LoggedNote } from "../log/record.js";
import type { MemoryHistory } from "../memory/memory-history.js";
import type { MemoryFill } from "../memory-fill.js";
import type { NodeTable } from "./nodes/node-table.js";
import type { OffsetSpan } from "./offset-spans.js";

/** A record that the log has stored, with its items. */
export interface AcceptedRecord {
  readonly sequence: Sequence;
  /** The time of the log, in milliseconds since 1970. */
  readonly atMs: number;
  readonly items: readonly LogItem[];
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
  async apply({ sequence, atMs, items }: AcceptedRecord, done?: (index: number, ids: Ids) => void) {
    let publications = 0;
    for (const [index, item] of items.entries()) {
      const from = { offset: offsetAt(sequence, publications), atMs };
      const ids =
        item.kind === "group" ? await this.#applyGroup(item, from) : this.#applyOther(item, sequence);
      if (item.kind === "group") publications += item.publications.length;
      done?.(index, ids);
    }
  }

  async #applyGroup(
    { once, publications }: LoggedGroup,
    { offset, atMs }: { readonly offset: Offset; readonly atMs: number },
  ): Promise<Ids> {
    const { history, filled, answers, budget, metrics, skipped } = this.#options;
    const first = once === undefined ? undefined : answers.find(once, atMs);
    if (first !== undefined) {
      skipped({ from: offset, upTo: offset + publications.length - 1 });
      return first;
    }
    const ids: string[] = [];
    for (const { publication, keepsId } of publications) {
      while (budget.isUsedUp()) await budget.pauseIfUsedUp();
      const entry = history.take({ offset: offset + ids.length, atMs, publication, keepsId });
      filled.add(entry.bytes);
      if (this.#isLive) countPublication(metrics, entry);
      ids.push(entry.id);
    }
    if (once !== undefined) answers.remember(once, ids, atMs);
    return ids;
  }

  #applyOther(item: Exclude<LogItem, LoggedGroup>, sequence: Sequence): Ids {
    const { history, epochs, rules, nodes, noted } = this.#options;
    if (item.kind === "epoch") epochs.begin(item.epoch, offsetAt(sequence, 0) - 1);
    if (item.kind === "evict") history.evictAll(item.topic);
    if (item.kind === "rules") rules.set(item);
    if (item.kind === "note") noted(item);
    if (item.kind === "node") nodes.beat(item.beat, sequence);
    if (item.kind === "gone") nodes.gone(item);
    return [];
  }
}
