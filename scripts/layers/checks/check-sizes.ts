import { dirname } from "node:path";
import type { SizeException } from "../rules/exceptions.js";
import type { SourceFile } from "../source/source-file.js";

const maxFilesInFolder = 14;
const maxCodeLines = 350;
const maxExceptions = 5;

/** Reports files and folders that are too large, and errors in the list of exceptions itself. */
export function checkSizes(files: readonly SourceFile[], exceptions: readonly SizeException[]): string[] {
  const tooLarge = new Map([...largeFolders(files), ...largeFiles(files)]);
  const excepted = new Set(exceptions.map(({ path }) => path));
  const faults = [...tooLarge].filter(([path]) => !excepted.has(path)).map(([, fault]) => fault);
  const unneeded = exceptions.filter(({ path }) => !tooLarge.has(path));
  return [
    ...faults,
    ...unneeded.map(({ path }) => `${path}: the exception is not needed; remove it`),
    ...(exceptions.length > maxExceptions
      ? [`${exceptions.length} exceptions; at most ${maxExceptions} are allowed`]
      : []),
  ];
}

function* largeFolders(files: readonly SourceFile[]): Iterable<[path: string, fault: string]> {
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  for (const [path, count] of counts) {
    if (count > maxFilesInFolder)
      yield [path, `${path}: ${count} files in one folder; at most ${maxFilesInFolder}`];
  }
}

function* largeFiles(files: readonly SourceFile[]): Iterable<[path: string, fault: string]> {
  for (const { path, codeLines } of files) {
    if (codeLines > maxCodeLines)
      yield [path, `${path}: ${codeLines} lines without blanks and comments; at most ${maxCodeLines}`];
  }
}
