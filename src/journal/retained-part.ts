import { Entry } from "../hub/publications/entry.js";
import type { Publication } from "../hub/publications/publication.js";
import type { RetainedValue, RetainedValues } from "../hub/publications/retained-values.js";
import { SnapshotItem } from "./snapshot-item.js";
import type { SavedItems, SnapshotPart } from "./snapshot-part.js";

/** The retained values, as a part of a snapshot. */
export class RetainedPart implements SnapshotPart {
  readonly name = "retained";
  readonly #values: Pick<RetainedValues, "all" | "restore">;

  constructor(values: Pick<RetainedValues, "all" | "restore">) {
    this.#values = values;
  }

  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  *#copy(): Generator<undefined, Iterable<unknown>> {
    return itemsOf(yield* this.#values.all());
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    const entry = new Entry({
      offset: fields.count("at"),
      atMs: fields.count("atMs"),
      id: fields.text("eventId"),
      publication: publicationOf(fields),
    });
    entry.ordinal = fields.count("ordinal");
    this.#values.restore({ entry, topics: fields.topics("of") });
  }
}

function* itemsOf(values: Iterable<RetainedValue>): Generator<unknown, void> {
  for (const { entry, topics } of values) {
    const { offset, atMs, id, ordinal, publication } = entry;
    const { retain: _isTrue, id: ownId, ...others } = publication;
    const own = ownId === undefined ? {} : { ownId };
    yield { at: offset, atMs, eventId: id, ordinal, of: topics, ...own, ...others };
  }
}

function publicationOf(fields: SnapshotItem): Publication {
  return {
    topics: fields.topics("topics"),
    data: fields.text("data"),
    retain: true,
    private: fields.flag("private"),
    ...(fields.has("ownId") ? { id: fields.text("ownId") } : {}),
    ...(fields.has("type") ? { type: fields.text("type") } : {}),
    ...(fields.has("retryMs") ? { retryMs: fields.count("retryMs") } : {}),
    ...(fields.has("ttlSeconds") ? { ttlSeconds: fields.count("ttlSeconds") } : {}),
  };
}
