import { PharosError } from "../../base/errors.js";
import type { Deleted, Deletion } from "../deletion.js";
import { deletionsPart, encodeDeletion, parseDeletion } from "../deletion.js";
import type { MemoryHistory } from "../memory/memory-history.js";
import type { SnapshotPart } from "../snapshot-part.js";
import { unavailable } from "./sending/refusals.js";

/**
 * The deletions of a log. A deletion is a note: all hubs that read the log delete the same publications, in the order of
 * the log. The state that notes lead to is in other parts of a snapshot.
 */
export class LoggedDeletions implements SnapshotPart {
  readonly name = deletionsPart;
  readonly #history: Pick<MemoryHistory, "delete" | "remembersDeletions">;
  /** What was deleted since the request, by the value of the note. */
  readonly #waiting = new Map<string, Set<(deleted: Deleted) => void>>();

  constructor(history: Pick<MemoryHistory, "delete" | "remembersDeletions">) {
    this.#history = history;
  }

  /**
   * Deletes, and returns what was deleted. If two requests with the same content meet, both get the same result.
   *
   * @param store stores the note with this value
   * @throws PharosError `unavailable` if the hub cannot remember more deletions; any error of `store`
   */
  async delete(deletion: Deletion, store: (value: object) => Promise<void>): Promise<Deleted> {
    if (!this.#history.remembersDeletions)
      throw unavailable(
        "remembers as many deletions as its memory allows, until the journal has removed the deleted publications",
        { state: "full", outcome: "nothing was deleted" },
      );
    const value = encodeDeletion(deletion);
    let all: Deleted = { publications: 0, older: false, retained: false };
    const add = (deleted: Deleted): void => void (all = sumOf(all, deleted));
    const key = JSON.stringify(value);
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(add));
    try {
      await store(value);
    } finally {
      waiting.delete(add);
      if (waiting.size === 0) this.#waiting.delete(key);
    }
    return all;
  }

  note(value: unknown): void {
    const deletion = parseDeletion(value);
    const deleted = this.#history.delete(deletion);
    for (const add of this.#waiting.get(JSON.stringify(encodeDeletion(deletion))) ?? []) add(deleted);
  }

  save(): readonly unknown[] {
    return [];
  }

  load(): never {
    throw new PharosError("bad-snapshot", `the part "${this.name}" of a snapshot has no items`);
  }
}

function sumOf(a: Deleted, b: Deleted): Deleted {
  return {
    publications: a.publications + b.publications,
    older: a.older || b.older,
    retained: a.retained || b.retained,
  };
}
