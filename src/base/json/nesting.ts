const quote = 0x22;
const backslash = 0x5c;
const squareOpen = 0x5b;
const squareClose = 0x5d;
const curlyOpen = 0x7b;
const curlyClose = 0x7d;

/**
 * True if the brackets of a JSON text nest deeper than `most`. Stops at the first bracket that is too deep, so that hostile text costs
 * little CPU.
 */
export function nestsDeeper(text: string, most: number): boolean {
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

/** The index of the quote that ends the string, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === backslash) index += 1;
    else if (code === quote) return index;
  }
  return text.length;
}
