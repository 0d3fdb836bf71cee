import type { SnapshotPart } from "../../src/journal/snapshot-part.js";

/** The items of a part as they are now. They may be read later. */
export function savedItems(part: Pick<SnapshotPart, "save">): Iterable<unknown> {
  const saved = part.save();
  if (!("inSteps" in saved)) return saved;
  for (;;) {
    const step = saved.inSteps.next();
    if (step.done === true) return step.value;
  }
}
