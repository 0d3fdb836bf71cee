import { maxNamedTopics } from "../../hub/publications/history.js";
import type { LossMark, Losses, HistoryRange } from "../../hub/publications/history.js";
import type { TopicHistory } from "./topic-history.js";

/** Collects what one reader has lost, topic by topic. */
export class LossSearch {
  readonly range: HistoryRange;
  /** Up to this moment all topics were looked at. */
  asOf: LossMark;
  readonly #told: LossMark;
  readonly #topics: Losses["topics"][number][] = [];
  #more = false;

  /** @param told what was lost by then is known to the reader */
  constructor(range: HistoryRange, told: LossMark) {
    this.range = range;
    this.asOf = told;
    this.#told = told;
  }

  get found(): Losses {
    return { topics: this.#topics, more: this.#more };
  }

  /** True when whatever else was lost would change nothing: all names are given, and it is known that there are more. */
  get isFull(): boolean {
    return this.#more && this.#topics.length === maxNamedTopics;
  }

  /** Takes a topic that the reader's filters match, or may match. */
  look(history: TopicHistory): void {
    const { after, rights } = this.range;
    const reader = { rights, told: this.#told };
    if (history.mayHaveMissedAfter(after, reader)) this.#more = true;
    const missedAtMost = history.missedAfter(after, reader);
    if (missedAtMost === 0) return;
    if (this.#topics.length < maxNamedTopics) this.#topics.push({ topic: history.topic, missedAtMost });
    else this.#more = true;
  }
}
