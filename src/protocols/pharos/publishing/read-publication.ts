import { PharosError } from "../../../base/errors.js";
import { parseJson } from "../../../base/json/parse-json.js";
import { parsePublicationJson } from "../../../hub/publications/publication-json.js";
import type { PublicationInput } from "../../../hub/publications/publication.js";

/**
 * Reads a publication from a text of JSON.
 *
 * @throws PharosError `bad-publication`
 */
export function readPublication(text: string): PublicationInput {
  return parsePublicationJson(parseJson(text), () => text);
}

/** Calls `parse`, and puts its place in the body in front of the message of an error. */
export function atPlace<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof PharosError)) throw error;
    const { code, message, reason } = error;
    throw new PharosError(code, `${place}: ${message}`, {
      cause: error,
      ...(reason === undefined ? {} : { reason }),
    });
  }
}
