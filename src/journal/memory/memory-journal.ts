import type { Clock } from "../../base/clock.js";
import type { Metrics } from "../../base/metrics.js";
import type { Entry } from "../../hub/publications/entry.js";
import type { Publication } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { IdempotencyLimits } from "../../limits/publications.js";
import { Answers } from "../answers.js";
import type { Ids } from "../answers.js";
import { countPublication } from "../count-publication.js";
import type { Deleted, Deletion } from "../deletion.js";
import type { Journal, JournalFollower, JournalStatus, PublicationGroup } from "../journal.js";
import type { SnapshotPart } from "../snapshot-part.js";
import { MemoryHistory } from "./memory-history.js";
import type { MemoryHistoryOptions } from "./memory-history.js";

export interface MemoryJournalOptions extends MemoryHistoryOptions {
  /** @default defaultIdempotencyLimits */
  readonly idempotency?: IdempotencyLimits;
}

const inMemory: JournalStatus = Object.freeze({ state: "up", lagMs: 0, bytes: 0, segments: 0 });

/** The journal in memory: the publications end with the hub. */
export class MemoryJournal implements Journal {
  readonly isShared = false;
  readonly nodes = undefined;
  readonly history: MemoryHistory;
  readonly beganMs: number;
  readonly #clock: Clock;
  readonly #answers: Answers;
  readonly #metrics: Metrics;
  readonly #parts = new Map<string, SnapshotPart>();

  constructor(options: MemoryJournalOptions, history = new MemoryHistory(options)) {
    this.history = history;
    this.#answers = new Answers(options.idempotency);
    this.#clock = options.clock;
    this.beganMs = options.clock.now();
    this.#metrics = options.metrics;
  }

  append(publication: Publication): Entry {
    const entry = this.history.take({ offset: this.history.head + 1, atMs: this.#clock.now(), publication });
    countPublication(this.#metrics, entry);
    return entry;
  }

  add(publication: Publication): void {
    this.append(publication);
  }

  begin(once?: string): PublicationGroup {
    const ids: string[] = [];
    return {
      add: (publication) => void ids.push(this.append(publication).id),
      commit: () => {
        if (once !== undefined) this.#answers.remember(once, ids, this.#clock.monotonic());
        return ids;
      },
    };
  }

  answerTo(once: string): Ids | undefined {
    return this.#answers.find(once, this.#clock.monotonic());
  }

  get status(): JournalStatus {
    return inMemory;
  }

  /** The hub's state ends with the hub, so the part only gets its notes. */
  keep(part: SnapshotPart): void {
    this.#parts.set(part.name, part);
  }

  note(part: string, value: unknown): void {
    this.#parts.get(part)?.note?.(value);
  }

  commitNote(part: string, value: unknown): void {
    this.note(part, value);
  }

  delete(deletion: Deletion): Deleted {
    return this.history.delete(deletion);
  }

  /** Has no effect. */
  async open(): Promise<void> {}

  room(): undefined {}

  roomOnceUp(): undefined {}

  async caughtUp(): Promise<void> {}

  /** Has no effect. */
  async close(): Promise<void> {}

  follow(follower: JournalFollower): void {
    this.history.follow(follower);
  }

  evictAll(topic: Topic): void {
    this.history.evictAll(topic);
  }
}
