import { PharosError } from "../../base/errors.js";
import { nestsDeeper } from "../../base/json/nesting.js";

/**
 * The deepest nesting that the hub accepts; real data has fewer levels. Without this limit, `JSON.parse` needs 100 ms
 * to reject a million brackets.
 */
const mostNesting = 100;

/**
 * Parses JSON.
 *
 * @throws PharosError `bad-publication` if the text is not JSON, or nests more than 100 levels deep
 */
export function parseJson(text: string): unknown {
  if (nestsDeeper(text, mostNesting)) {
    throw new PharosError("bad-publication", `JSON may nest at most ${mostNesting} levels deep`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-publication", "the text is not JSON", { cause });
  }
}
