/**
 * The items of a part, or a copy that a large part makes in steps of about a millisecond, perhaps in several turns of the
 * event loop.
 */
export type SavedItems = Iterable<unknown> | { readonly inSteps: Generator<undefined, Iterable<unknown>> };

/**
 * A part of the state of a journal that a snapshot contains. A part saves its state as items: JSON values, which the
 * snapshot stores one by one. After a start, the part loads the items, and then takes all entries that came after the
 * snapshot.
 */
export interface SnapshotPart {
  /** The name of the part in a snapshot. No other part has this name. */
  readonly name: string;
  /**
   * The items of the state at this call. The caller may read the items later and in several turns, and the state may
   * change meanwhile: the items do not change. So the call copies references. All parts are called between two entries,
   * and the next entry waits until they have returned. So the entries after the snapshot complete it.
   */
  save(): SavedItems;
  /**
   * Takes an item that {@link save} has given. Call this for all items, in order, before the first entry.
   *
   * @throws PharosError `bad-snapshot` for an item that {@link save} does not give
   */
  load(item: unknown): void;
  /**
   * Takes a note that a hub has stored for this part, in order with the entries. @default the part has no notes
   *
   * @throws PharosError `bad-snapshot` for a note that no hub stores for this part
   */
  note?(value: unknown): void;
}
