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
   * change meanwhile: the items do not change. The call itself takes a few milliseconds: it copies references only.
   */
  save(): Iterable<unknown>;
  /**
   * Takes an item that {@link save} has given. Call this for all items, in order, before the first entry.
   *
   * @throws PharosError `bad-snapshot` for an item that {@link save} does not give
   */
  load(item: unknown): void;
}

/** An item of a snapshot, with the name of its part. */
export interface NamedItem {
  readonly part: string;
  readonly item: unknown;
}

/**
 * The items of all parts at this call. Call this between two entries: then the snapshot has the state after exactly the
 * entries so far, and the entries after them complete it.
 */
export function saveParts(parts: readonly SnapshotPart[]): Iterable<NamedItem> {
  return itemsOf(parts.map((part) => ({ name: part.name, items: part.save() })));
}

function* itemsOf(
  saved: readonly { readonly name: string; readonly items: Iterable<unknown> }[],
): Generator<NamedItem, void> {
  for (const { name, items } of saved) for (const item of items) yield { part: name, item };
}
