import { maxNamedTopics } from "../../hub/publications/history.js";
import type { LossMark, Losses, HistoryRange } from "../../hub/publications/history.js";
import type { TopicHistory } from "./topic-history.js";

/** Collects the losses of one reader, topic by topic. */
export class LossSearch {
  readonly range: HistoryRange;
  /** The search has covered all losses up to this mark. */
  asOf: LossMark;
  readonly #lossMark: LossMark;
  readonly #topics: Losses["topics"][number][] = [];
  #more = false;

  /** @param lossMark the reader knows of all losses up to this mark */
  constructor(range: HistoryRange, lossMark: LossMark) {
    this.range = range;
    this.asOf = lossMark;
    this.#lossMark = lossMark;
  }

  get found(): Losses {
    return { topics: this.#topics, more: this.#more };
  }

  /** True if further losses cannot change the result: the list of names is full, and there are more losses. */
  get isFull(): boolean {
    return this.#more && this.#topics.length === maxNamedTopics;
  }

  /** Adds the losses of a topic that the reader's filters match, or may match. */
  look(history: TopicHistory): void {
    const { after, rights } = this.range;
    const reader = { rights, lossMark: this.#lossMark };
    if (history.mayHaveMissedAfter(after, reader)) this.#more = true;
    const missedAtMost = history.missedAfter(after, reader);
    if (missedAtMost === 0) return;
    const { topic } = history;
    if (this.#topics.length === maxNamedTopics) this.#more = true;
    else this.#topics.push(missedAtMost === undefined ? { topic } : { topic, missedAtMost });
  }
}
