import type { LogItem } from "../../log/record.js";

/** An item that waits for its record to be stored and applied. */
export interface PendingItem {
  readonly item: LogItem;
  /** The item as the record contains it. */
  readonly encoded: Buffer;
  /** The number of publications in the item. */
  readonly publications: number;
  /** The time of the append on the monotonic clock, in milliseconds. */
  readonly sinceMs: number;
  /**
   * Called once, when the item was applied, with the event ids of its publications. If an earlier group has the same
   * once-key, these are the ids of that group.
   */
  readonly applied: (ids: readonly string[]) => void;
  /** Called at most once, when the item has waited for too long. The item may be applied all the same. */
  readonly late?: () => void;
  /** Called at most once, if the journal closes first. @default as `late` */
  readonly dropped?: () => void;
}
