/** The facts about a source text that the checks need. */
export interface ParsedSource {
  /** Module specifiers as written in the file, including the specifiers of type imports and of `import()`. */
  readonly specifiers: readonly string[];
  /** Names that the file exports; `*` means an `export *`. */
  readonly exportedNames: readonly string[];
  /** Exported names that another file declares: `export { x } from "./y.js"`. */
  readonly reexportedNames: readonly string[];
  /** The number of lines, without blank lines and lines that have only a comment. */
  readonly codeLines: number;
}

/** Parses formatted TypeScript or JavaScript, in which each declaration begins a line. */
export function parseSource(text: string): ParsedSource {
  const lines = withoutComments(text).split("\n");
  const codeLines = lines.filter((line) => line.trim() !== "");
  const code = codeLines.map((line) => line.trimEnd()).join("\n");
  return {
    specifiers: specifiersOf(code),
    exportedNames: exportedNamesOf(code),
    reexportedNames: reexportedNamesOf(code),
    codeLines: codeLines.length,
  };
}

/** Text in which quotes and slashes have another meaning: a comment, a string, a template, a regular expression. */
const opaque = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/ *)/,
    /"(?:[^"\\\n]|\\[^])*"/,
    /'(?:[^'\\\n]|\\[^])*'/,
    // A template may contain other templates inside `${}`, one level deep.
    /`(?:[^`\\$]|\\[^]|\$(?!\{)|\$\{(?:[^`}]|`(?:[^`\\]|\\[^])*`)*\})*`/,
    // A regular expression never follows a value, because a slash after a value is a division.
    /(?<=(?:^|[(,=:[!&|?{};+*%<>~^-]|\b(?:return|typeof|case|of|in))\s*)\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/**
 * Replaces each comment, and the spaces after it, by one space. If a comment has several lines, the function replaces
 * the text of each line by one space.
 */
function withoutComments(text: string): string {
  return text.replace(opaque, (found, comment: string | undefined) =>
    comment === undefined ? found : comment.replaceAll(/[^\n]+/g, " "),
  );
}

function specifiersOf(code: string): string[] {
  const statements = code.matchAll(
    /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|\bimport\(\s*["'`]([^"'`]+)["'`]/gm,
  );
  return [...statements].flatMap((match) => match[1] ?? match[2] ?? match[3] ?? []);
}

function exportedNamesOf(code: string): string[] {
  const declared = code.matchAll(
    /^\s?export\s+(?:declare\s+|abstract\s+|async\s+)*(?:function\b\s*\*?|class|interface|type|(?:const\s+)?enum|namespace)\s*(?<![\w$])([\w$]+)/gm,
  );
  const variables = code.matchAll(/^\s?export\s+(?:declare\s+)?(?:const|let|var)\s+(?!enum\b)/gm);
  const listed = code.matchAll(/^\s?export\s+(?:type\s+)?\{([^}]*)\}(?!\s*from)/gm);
  const stars = code.matchAll(/^\s?export\s+(?:type\s+)?(\*)/gm);
  const names = [
    ...[...declared, ...stars].flatMap((match) => match[1] ?? []),
    ...[...variables].flatMap(({ 0: start, index }) => variablesOf(code.slice(index + start.length))),
    ...[...listed].flatMap((match) => listedNames(match[1])),
  ];
  return [...new Set(names)];
}

/**
 * The variables at the start of a list of declarations. For `a = f(1, 2), { b, c: d } = e;`, the variables are a, b and
 * d.
 */
function variablesOf(list: string): string[] {
  const names: string[] = [];
  const code = list.replace(opaque, '""');
  let depth = 0;
  let isPattern = false;
  let isName = true;
  // In formatted code, comparison operators have spaces around them, and the angle brackets of types have no spaces
  // inside.
  for (const [token] of code.matchAll(/[\w$]+(?:\s*:)?|=>|[([{]|<(?![\s=<]|$)|<$|[)\]}]|(?<! )>|[,;=]/gm)) {
    if (token === ";" && depth === 0) break;
    if (/^[([{<]$/.test(token)) {
      if (depth === 0) isPattern = isName;
      depth += 1;
    } else if (/^[)\]}>]$/.test(token)) {
      depth -= 1;
      if (depth === 0) isPattern = false;
      isName = false;
    } else if (token === ",") isName = depth === 0 || isPattern;
    else if (token === "=") isName = false;
    else if (isName && isPattern && token.endsWith(":")) continue;
    else if (isName && (depth === 0 || isPattern)) {
      names.push(token.replace(/\s*:$/, ""));
      isName = false;
    }
  }
  return names;
}

function reexportedNamesOf(code: string): string[] {
  const listed = code.matchAll(/^\s?export\s+(?:type\s+)?\{([^}]*)\}\s*from/gm);
  return [...listed].flatMap((match) => listedNames(match[1]));
}

/** For `a, type B, c as d`, the names are a, B and d. */
function listedNames(list: string | undefined): string[] {
  const items = (list ?? "").split(",").map((item) => item.trim());
  return items.filter((item) => item !== "").map((item) => item.replace(/^.*\s/s, ""));
}
