/** The facts about a source text that the checks need. */
export interface ParsedSource {
  /** Module specifiers as they are written, those of type imports and of `import()` included. */
  readonly specifiers: readonly string[];
  /** Names that the file exports; `*` stands for an `export *`. */
  readonly exportedNames: readonly string[];
  /** Exported names that another file declares: `export { x } from "./y.js"`. */
  readonly reexportedNames: readonly string[];
  /** Lines without blanks and comments. */
  readonly codeLines: number;
}

/** Reads formatted TypeScript or JavaScript: a declaration begins its line. */
export function parseSource(text: string): ParsedSource {
  const code = codeLinesOf(text);
  const joined = code.join("\n");
  return {
    specifiers: specifiersOf(joined),
    exportedNames: exportedNamesOf(joined),
    reexportedNames: reexportedNamesOf(joined),
    codeLines: code.length,
  };
}

/** Counts like oxlint with `skipBlankLines` and `skipComments`: a line with code and a comment counts. */
function codeLinesOf(text: string): string[] {
  let isInComment = false;
  return text.split("\n").filter((line) => {
    const trimmed = line.trim();
    if (isInComment) {
      isInComment = !trimmed.includes("*/");
      return false;
    }
    if (trimmed.startsWith("/*")) {
      isInComment = !trimmed.includes("*/");
      return false;
    }
    return trimmed !== "" && !trimmed.startsWith("//");
  });
}

function specifiersOf(code: string): string[] {
  const statements = code.matchAll(
    /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm,
  );
  return [...statements].flatMap((match) => match[1] ?? match[2] ?? match[3] ?? []);
}

function exportedNamesOf(code: string): string[] {
  const declared = code.matchAll(
    /^export\s+(?:declare\s+|abstract\s+|async\s+)*(?:function\*?|class|const|let|var|interface|type|enum|namespace)\s+([\w$]+)/gm,
  );
  const listed = code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}(?!\s*from)/gm);
  const stars = code.matchAll(/^export\s+(?:type\s+)?(\*)/gm);
  const names = [...declared, ...stars].flatMap((match) => match[1] ?? []);
  return [...new Set([...names, ...[...listed].flatMap((match) => listedNames(match[1]))])];
}

function reexportedNamesOf(code: string): string[] {
  const listed = code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}\s*from/gm);
  return [...listed].flatMap((match) => listedNames(match[1]));
}

/** `a, type B, c as d`: a, B, d. */
function listedNames(list: string | undefined): string[] {
  const items = (list ?? "").split(",").map((item) => item.trim());
  return items.filter((item) => item !== "").map((item) => item.replace(/^.*\s/s, ""));
}
