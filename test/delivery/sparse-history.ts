import type { Entry } from "../../src/hub/publications/entry.js";
import { publicationsPerRecord } from "../../src/journal/log/record.js";
import { MemoryHistory } from "../../src/journal/memory/memory-history.js";
import type { Stored } from "../../src/journal/memory/memory-history.js";

/** The number of publications in each record. */
const perRecord = 3;

/** A history with the offsets of a log: each record begins with a new multiple of 4,096. */
export class SparseHistory extends MemoryHistory {
  override take(stored: Stored): Entry {
    const { head } = this;
    const isFull = head === 0 || head % publicationsPerRecord === perRecord - 1;
    const next = (Math.floor(head / publicationsPerRecord) + 1) * publicationsPerRecord;
    return super.take({ ...stored, offset: isFull ? next : head + 1 });
  }
}
