import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { checkProject, type Rules } from "../../scripts/layers/check-project.js";
import { tablePage, withTable } from "../../scripts/layers/checks/rooms-table.js";
import type { Room } from "../../scripts/layers/rules/room.js";

/** The rooms of a made-up project, from the bottom up. */
export const rooms: readonly Room[] = [
  { path: "low", about: "the lower room", rooms: [], packages: [], knowsNothingOf: "high" },
  { path: "high", about: "the upper room", rooms: ["low"], packages: ["node:fs"], knowsNothingOf: "" },
  { path: "protocols", about: "protocols", rooms: ["low"], packages: [], knowsNothingOf: "high" },
];

const page = withTable("# Rooms\n<!-- layers: begin -->\n<!-- layers: end -->\n", rooms) ?? "";

/**
 * Writes files (path: text) into a scratch folder. If `files` contains no documentation page, the function also writes
 * an up-to-date page. Returns the folder.
 */
export function madeUpProject(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "pharos-layers-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries({ [tablePage]: page, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** The faults of a made-up project. */
export function faultsOf(
  files: Readonly<Record<string, string>>,
  rules: Partial<Rules> = {},
): readonly string[] {
  return checkProject(madeUpProject(files), { rooms, exceptions: [], ...rules }).faults;
}
