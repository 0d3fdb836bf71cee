import type { Room } from "./room.js";
import table from "./rooms.json" with { type: "json" };

/** What each room of src/ is and may import, from the bottom up: a room may import those before it only. */
export const rooms: readonly Room[] = table;
