import type { SourceFile } from "../source/source-file.js";

/** The modules that other projects load. Only these entries may re-export a name of another file. */
const entries = /^src\/(?:index|client\/(?:index|pharos-client-[\w-]+))\.ts$/;

/**
 * Reports names that two files export, because the name then has two meanings. Also reports re-exports in modules that
 * are not entries.
 */
export function checkNames(files: readonly SourceFile[]): string[] {
  const reexports = files.filter((file) => !entries.test(file.path)).flatMap(reexportFaults);
  return [...reexports, ...repeatedNames(files)];
}

function reexportFaults({ path, exportedNames, reexportedNames }: SourceFile): string[] {
  return [
    ...(exportedNames.includes("*") ? [`${path}: export * hides which names it exports; list them`] : []),
    ...reexportedNames.map(
      (name) => `${path}: exports ${name} again; import it from the file that declares it`,
    ),
  ];
}

function* repeatedNames(files: readonly SourceFile[]): Iterable<string> {
  const byName = new Map<string, string[]>();
  for (const { path, exportedNames } of files) {
    for (const name of exportedNames) byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  for (const [name, paths] of byName) {
    if (name !== "*" && paths.length > 1) yield `${name} is exported by ${paths.join(" and ")}; rename one`;
  }
}
