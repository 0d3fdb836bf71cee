/**
 * A part of the state of a journal that a snapshot contains. A part saves its state as items: JSON values, which the
 * snapshot stores one by one.
 *
 * The state may change between two items. So a snapshot has no exact moment. It has a begin: the offset up to which all
 * entries were applied before the first item was saved. After the part has loaded all items, all later entries are
 * applied again. Therefore each item has the offset that changed the item last. The part ignores a repeated change up to
 * this offset.
 */
export interface SnapshotPart {
  /** The name of the part in a snapshot. No other part has this name. */
  readonly name: string;
  /** Yields the items. The caller may pause between two items. */
  save(): Iterable<unknown>;
  /**
   * Takes an item that {@link save} has yielded. Call this for all items, in order, before the first entry is applied.
   *
   * @throws PharosError `bad-snapshot` for an item that {@link save} does not yield
   */
  load(item: unknown): void;
}
