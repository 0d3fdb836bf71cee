import type { LogFollower, Sequence, StoredRecord } from "../log/log.js";
import type { LogCursor } from "./log-cursor.js";
import type { Segments } from "./segments.js";

export interface FollowerFeedOptions {
  readonly follower: LogFollower;
  readonly after: Sequence;
  readonly segments: Segments;
  readonly cursor: LogCursor;
}

/**
 * Passes records to the follower, in order: first those of the files, then each new one from memory. While it reads
 * files, new records wait in the files, not in memory.
 */
export class FollowerFeed {
  readonly follower: LogFollower;
  readonly #segments: Segments;
  readonly #cursor: LogCursor;
  /** Resolves when the follower has all records that were stored before. */
  readonly caughtUp: Promise<void>;
  #passed: Sequence;
  #isLive = false;
  #isStopped = false;

  constructor({ follower, after, segments, cursor }: FollowerFeedOptions) {
    this.follower = follower;
    this.#segments = segments;
    this.#cursor = cursor;
    this.#passed = after;
    this.caughtUp = this.#catchUp();
  }

  /** Passes records that were just stored. Resolves at once if the feed still reads files. */
  async offer(records: readonly StoredRecord[]): Promise<void> {
    if (this.#isLive) await this.#pass(records);
  }

  /** The follower gets nothing more, once the record that it takes is taken. */
  stop(): void {
    this.#isStopped = true;
  }

  async #catchUp(): Promise<void> {
    try {
      while (this.#passed < this.#segments.head && !this.#isStopped) {
        await this.#pass(await this.#cursor.next());
        this.#tellLost(this.#cursor.passed);
      }
      this.#isLive = true;
    } finally {
      await this.#cursor.close();
    }
  }

  async #pass(records: readonly StoredRecord[]): Promise<void> {
    for (const record of records) {
      if (this.#isStopped) return;
      this.#tellLost(record.sequence - 1);
      this.#passed = record.sequence;
      const taking = this.follower.take(record);
      if (taking !== undefined) await taking;
    }
  }

  #tellLost(upTo: Sequence): void {
    if (upTo <= this.#passed || this.#isStopped) return;
    this.#passed = upTo;
    this.follower.lost(upTo);
  }
}
