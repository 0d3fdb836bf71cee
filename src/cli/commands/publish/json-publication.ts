import { PharosError } from "../../../base/errors.js";
import { jsonFields, parsePublicationJson } from "../../../hub/publications/publication-json.js";
import type { CliPublication } from "./publisher.js";

/**
 * Reads a publication from a JSON object with the fields of `POST /publish`. The options of the command are the defaults
 * of fields that the object does not have.
 *
 * @throws PharosError `bad-publication`
 */
export function jsonPublication(text: string, defaults: Omit<CliPublication, "data">): CliPublication {
  const fields = jsonFields(parseJson(text));
  const {
    topics,
    data = "",
    ...options
  } = parsePublicationJson({ ...defined(defaults), ...fields }, () => text);
  const [topic = "", ...others] = topics;
  return { ...defaults, ...defined(options), data, topic: others.length === 0 ? topic : topics };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-publication", "the text is not JSON", { cause });
  }
}

/** Without the fields that have no value. */
function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
