import type { SourceFile } from "../source/source-file.js";

/**
 * Reports protocols that import each other. Each protocol is a folder in src/protocols/. Code that two protocols need
 * belongs in a lower room.
 */
export function checkProtocols(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const own = protocolOf(file.path);
    if (own === undefined) return [];
    const others = file.imports.filter((target) => (protocolOf(target) ?? own) !== own);
    return others.map((target) => `${file.path}: the protocol ${own} imports another, ${target}`);
  });
}

function protocolOf(path: string): string | undefined {
  return /^src\/protocols\/([^/]+)\//.exec(path)?.[1];
}
