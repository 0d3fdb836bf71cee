import { countLeading } from "../../base/binary-search.js";
import { CompactingQueue } from "../../base/compacting-queue.js";
import type { Entry } from "./entry.js";
import type { Offset } from "./position.js";

/** A queue of entries, or of other items with an offset, in order of offset. */
export class EntryQueue<E extends Pick<Entry, "offset"> = Entry> extends CompactingQueue<E> {
  /** The index of the first entry after this offset; the length of the queue if there is no such entry. */
  indexAfter(offset: Offset): number {
    return countLeading(this.length, (index) => (this.at(index)?.offset ?? 0) <= offset);
  }
}
