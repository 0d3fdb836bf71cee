import { endOfString } from "./end-of-string.js";

const quote = 0x22;
const comma = 0x2c;
const squareOpen = 0x5b;
const squareClose = 0x5d;
const curlyOpen = 0x7b;
const curlyClose = 0x7d;

export interface JsonLimits {
  /** The deepest nesting. */
  readonly levels: number;
  /** The most values: each list, object, item of a list and field of an object. @default no limit */
  readonly values?: number;
}

/**
 * The limit that a JSON text exceeds, or undefined. Stops at the first bracket or comma that is too much, so that
 * hostile text costs little CPU.
 */
export function excessOf(text: string, limits: JsonLimits): keyof JsonLimits | undefined {
  const { levels, values = Infinity } = limits;
  let depth = 0;
  let count = 1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) index = endOfString(text, index);
    else if (code === comma) count += 1;
    else if (code === squareOpen || code === curlyOpen) {
      depth += 1;
      count += 1;
    } else if (code === squareClose || code === curlyClose) depth -= 1;
    if (depth > levels) return "levels";
    if (count > values) return "values";
  }
  return undefined;
}
