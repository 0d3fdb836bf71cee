import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkFileCycles, checkFolderCycles } from "./checks/check-cycles.js";
import { checkNames } from "./checks/check-names.js";
import { checkProtocols } from "./checks/check-protocols.js";
import { checkRooms } from "./checks/check-rooms.js";
import { checkSizes } from "./checks/check-sizes.js";
import { checkTable } from "./checks/check-table.js";
import type { SizeException } from "./rules/exceptions.js";
import type { Room } from "./rules/room.js";
import { readSourceFiles } from "./source/source-file.js";

export interface Rules {
  /** The rooms, lowest room first. */
  readonly rooms: readonly Room[];
  readonly exceptions: readonly SizeException[];
}

export interface Findings {
  /** Files in src/. */
  readonly fileCount: number;
  /** The violations of the rules, one line each; empty if there are none. */
  readonly faults: readonly string[];
}

/** Checks the project in the folder `root`. The sources of the project are in src/ and scripts/. */
export function checkProject(root: string, { rooms, exceptions }: Rules): Findings {
  const files = readSourceFiles(root, "src");
  const scripts = existsSync(join(root, "scripts")) ? readSourceFiles(root, "scripts") : [];
  const faults = [
    ...checkRooms(files, rooms),
    ...checkProtocols(files),
    ...checkFileCycles([...files, ...scripts]),
    ...checkFolderCycles([...files, ...scripts]),
    ...checkSizes([...files, ...scripts], exceptions),
    ...checkNames(files),
    ...checkTable(root, rooms),
  ];
  return { fileCount: files.length, faults };
}
