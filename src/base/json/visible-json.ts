/** Characters that change how a line looks and that JSON does not escape. */
const invisible = /[\p{Cf}\p{Zl}\p{Zp}\u007F-\u009F]/gu;

/** Escapes all invisible characters in the strings of a line of JSON. The meaning of the JSON stays the same. */
export function visibleJson(line: string): string {
  // Outside strings the only control character is the end of the line.
  return line.replaceAll(invisible, (found) =>
    Array.from({ length: found.length }, (_, at) => escapeOf(found.charCodeAt(at))).join(""),
  );
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
