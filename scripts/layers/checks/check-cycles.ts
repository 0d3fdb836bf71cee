import { dirname } from "node:path";
import { findCycles } from "../source/cycles.js";
import type { SourceFile } from "../source/source-file.js";

/** Reports files that import each other in a circle. */
export function checkFileCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, new Set(file.imports)]));
  return findCycles(graph).map((cycle) => `import cycle: ${cycle.join(" -> ")}`);
}

/**
 * Reports folders whose files import each other in a circle. A folder contains only the files directly in it, without
 * the files of its subfolders. Each file directly in src/ counts as a folder.
 */
export function checkFolderCycles(files: readonly SourceFile[]): string[] {
  const arrows = new Map<string, Map<string, string>>();
  for (const file of files) addArrows(arrows, file);
  const graph = new Map([...arrows].map(([folder, targets]) => [folder, new Set(targets.keys())]));
  return findCycles(graph).map((cycle) => {
    const imports = cycle.slice(1).map((target, i) => arrows.get(cycle[i] ?? "")?.get(target) ?? target);
    return `folder cycle: ${cycle.join(" -> ")} (${imports.join(", ")})`;
  });
}

function addArrows(arrows: Map<string, Map<string, string>>, file: SourceFile): void {
  const from = folderOf(file.path);
  const targets = arrows.get(from) ?? new Map<string, string>();
  arrows.set(from, targets);
  for (const target of file.imports) {
    const to = folderOf(target);
    if (to !== from && !targets.has(to)) targets.set(to, `${file.path} imports ${target}`);
  }
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === "src" ? path : folder;
}
