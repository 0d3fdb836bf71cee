import { SnapshotItem } from "./snapshot-item.js";
import type { SnapshotPart } from "./snapshot-part.js";

const name = "filled";

/**
 * The bytes that all entries of the log have had in memory so far. Two snapshots show by their difference how much of
 * the history in memory a replay of the records between them fills: an entry of 200 bytes needs three times as much
 * memory as log.
 */
export class MemoryFill implements SnapshotPart {
  readonly name = name;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(entryBytes: number): void {
    this.#bytes += entryBytes;
  }

  save(): readonly unknown[] {
    return [{ bytes: this.#bytes }];
  }

  load(item: unknown): void {
    this.#bytes = new SnapshotItem(name, item).count("bytes");
  }
}
