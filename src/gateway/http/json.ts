import { PharosError } from "../../base/errors.js";

/** No data that people make nests deeper; a million brackets take `JSON.parse` 100 ms to refuse. */
const mostNesting = 100;

/**
 * Reads JSON.
 *
 * @throws PharosError `bad-publication` for text that is none, or that nests more than 100 deep
 */
export function parseJson(text: string): unknown {
  if (nestsDeeper(text, mostNesting)) {
    throw new PharosError("bad-publication", `JSON may nest at most ${mostNesting} deep`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-publication", "this is not JSON", { cause });
  }
}

const quote = 0x22;
const backslash = 0x5c;
const squareOpen = 0x5b;
const squareClose = 0x5d;
const curlyOpen = 0x7b;
const curlyClose = 0x7d;

/** Stops at the first bracket that is too deep. */
function nestsDeeper(text: string, most: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) index = endOfString(text, index);
    else if (code === squareOpen || code === curlyOpen) depth += 1;
    else if (code === squareClose || code === curlyClose) depth -= 1;
    if (depth > most) return true;
  }
  return false;
}

/** Where the string that begins here ends; the end of the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === backslash) index += 1;
    else if (code === quote) return index;
  }
  return text.length;
}
