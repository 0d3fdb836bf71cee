import { PharosError } from "../errors.js";
import { excessOf } from "./json-size.js";

/**
 * The deepest nesting that the hub accepts; real data has fewer levels. Without this limit, `JSON.parse` needs 100 ms
 * to reject a million brackets.
 */
export const mostLevels = 100;

/**
 * The most values in a message for the hub. A publication has at most 10,000 topics. Without this limit, `JSON.parse`
 * needs up to 180 ms for a text of 1 MiB; 12,000 values need 30 ms.
 */
const mostValues = 12_000;

/**
 * Parses JSON.
 *
 * @throws PharosError `bad-publication` if the text is not JSON, nests more than 100 levels deep, or has more than
 *   12,000 values
 */
export function parseJson(text: string): unknown {
  const excess = excessOf(text, { levels: mostLevels, values: mostValues });
  if (excess === "levels")
    throw new PharosError("bad-publication", `JSON may nest at most ${mostLevels} levels deep`);
  if (excess === "values")
    throw new PharosError("bad-publication", `a JSON text for the hub may have at most ${mostValues} values`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-publication", "the text is not JSON", { cause });
  }
}
