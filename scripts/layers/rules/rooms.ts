import type { Room } from "./room.js";
import table from "./rooms.json" with { type: "json" };

/** The rooms of src/ and their allowed imports, lowest room first: a room may import only earlier rooms. */
export const rooms: readonly Room[] = table;
