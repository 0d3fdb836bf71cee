import { mercurePath } from "../../../src/protocol.js";
import { itemOf, readEvents } from "../../support/storm/stream-readers.js";
import type { Item } from "../../support/storm/stream-readers.js";
import type { ClientKind } from "./client-kind.js";
import { cursorIn } from "./pharos-clients.js";

export const mercureClient: ClientKind = {
  ask: (opening) => ({
    path: mercurePath,
    query: [
      ["show", "positions"],
      ...opening.filters.map((filter) => ["match_mqtt", filter] as const),
      ...(opening.added ?? []).map((filter) => ["added", filter] as const),
    ],
    headers: cursorIn(opening),
  }),
  read: ({ take }) => readEvents(marked(take, itemOf)),
  resumesFromRetained: true,
};

/**
 * Marks the retained values at the start of a stream whose retained values look like other events: the events before the
 * first position or gap. Skips the retained values without an id, which come from a gap.
 */
export function marked<Raw>(
  take: (item: Item) => void,
  itemFor: (raw: Raw) => Item | undefined,
): (raw: Raw) => void {
  let hasBegun = false;
  return (raw) => {
    const item = itemFor(raw);
    if (item === undefined || ("id" in item && item.id === "")) return;
    hasBegun ||= item.kind !== "event";
    take(item.kind === "event" && !hasBegun ? { ...item, retained: true } : item);
  };
}
