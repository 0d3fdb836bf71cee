import type { Log, Sequence, StoredRecord } from "../../log/log.js";

/** The memory for records, in bytes: four records of the largest size, as many as pages are read at the same time. */
const mostBytes = 16 * 1024 * 1024;

/**
 * The records of a log in which pages have ended. A record may have 4 MiB, and a page 64 KiB, so the next page of the
 * same reader usually begins in the same record.
 */
export class RecentRecords implements Pick<Log, "first" | "read"> {
  readonly #log: Pick<Log, "first" | "read">;
  /** By number, the one that was added first comes first. */
  readonly #records = new Map<Sequence, StoredRecord>();
  #bytes = 0;

  constructor(log: Pick<Log, "first" | "read">) {
    this.#log = log;
  }

  get first(): Sequence {
    return this.#log.first;
  }

  /** As {@link Log.read}, but returns only the next record if it is in memory. */
  async read(after: Sequence, maxBytes: number): Promise<readonly StoredRecord[]> {
    const next = this.#records.get(after + 1);
    return next === undefined ? this.#log.read(after, maxBytes) : [next];
  }

  /**
   * Keeps a copy of a record in memory, and drops the oldest ones above the limit. A copy, because the payload shares its
   * memory with all that one read has returned.
   */
  keep({ sequence, payload: read }: StoredRecord): void {
    if (this.#records.has(sequence)) return;
    const payload = Buffer.allocUnsafeSlow(read.length);
    read.copy(payload);
    this.#records.set(sequence, { sequence, payload });
    this.#bytes += payload.length;
    for (const [oldest, { payload: dropped }] of this.#records) {
      if (this.#bytes <= mostBytes) return;
      this.#records.delete(oldest);
      this.#bytes -= dropped.length;
    }
  }
}
