import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Room } from "../rules/room.js";
import { tablePage, withTable } from "./rooms-table.js";

/** Reports the page if its table differs from the list of rooms. */
export function checkTable(root: string, rooms: readonly Room[]): string[] {
  const page = readFileSync(join(root, tablePage), "utf8");
  const expected = withTable(page, rooms);
  if (expected === undefined) return [`${tablePage}: lacks the markers of the table of rooms`];
  return expected === page
    ? []
    : [`${tablePage}: the table of rooms is out of date; run npm run layers -- --write`];
}

/** Writes the table of the rooms between the markers of the page. */
export function writeTable(root: string, rooms: readonly Room[]): void {
  const path = join(root, tablePage);
  const page = readFileSync(path, "utf8");
  writeFileSync(path, withTable(page, rooms) ?? page);
}
