import type { Room } from "./room.js";
import table from "./rooms.json" with { type: "json" };

/** The rooms of src/ and their allowed imports, from the bottom up: a room may import only earlier rooms. */
export const rooms: readonly Room[] = table;
