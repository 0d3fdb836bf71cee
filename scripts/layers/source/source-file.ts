import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseSource, type ParsedSource } from "./parse-source.js";

export interface SourceFile extends ParsedSource {
  /** The path from the root of the project: `src/hub/hub.ts`. */
  readonly path: string;
  /** Paths of the imported files, from the root of the project. */
  readonly imports: readonly string[];
  /** Names of the imported packages, as written in the file. */
  readonly packages: readonly string[];
}

/** All sources of a folder and of its subfolders, sorted; empty if the folder does not exist. */
export function readSourceFiles(root: string, folder: string): SourceFile[] {
  return sourcePaths(root, folder)
    .toSorted()
    .map((path) => sourceFile(path, readFileSync(join(root, path), "utf8")));
}

function sourcePaths(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : sourcePaths(root, path);
    return /\.m?[tj]s$/.test(entry.name) ? [path] : [];
  });
}

function sourceFile(path: string, text: string): SourceFile {
  const parsed = parseSource(text);
  const isLocal = (specifier: string) => specifier.startsWith(".");
  return {
    path,
    ...parsed,
    imports: parsed.specifiers.filter(isLocal).map((specifier) => importedPath(path, specifier)),
    packages: parsed.specifiers.filter((specifier) => !isLocal(specifier)),
  };
}

function importedPath(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier)).replace(/\.js$/, ".ts");
}
