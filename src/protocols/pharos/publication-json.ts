import { PharosError } from "../../base/errors.js";
import type { PublicationInput } from "../../hub/publications/publication.js";

const fieldNames: ReadonlySet<string> = new Set([
  "topic",
  "data",
  "id",
  "type",
  "retry",
  "retain",
  "private",
]);

/**
 * Reads a publication from JSON: `{"topic": string | string[], "data": string, "id"?, "type"?, "retry"?, "retain"?,
 * "private"?}`. A field that is not known is refused: it may be a misspelt one, whose absence would lose the
 * publication's meaning. The values themselves are for `parsePublication`.
 *
 * @throws PharosError `bad-publication` for anything else
 */
export function parsePublicationJson(value: unknown): PublicationInput {
  const fields = publicationFields(value);
  const unknown = [...fields.keys()].find((name) => !fieldNames.has(name));
  if (unknown !== undefined)
    throw new PharosError(
      "bad-publication",
      `${JSON.stringify(unknown.slice(0, 40))} is unknown; allowed are ${[...fieldNames].join(", ")}`,
    );
  return {
    topics: topicsOf(fields.get("topic")),
    data: required(textOf(fields.get("data"), "data"), "data"),
    id: textOf(fields.get("id"), "id"),
    type: textOf(fields.get("type"), "type"),
    retry: numberOf(fields.get("retry"), "retry"),
    retain: flagOf(fields.get("retain"), "retain"),
    private: flagOf(fields.get("private"), "private"),
  };
}

/**
 * The fields of a JSON object; a map, since their names are the sender's.
 *
 * @throws PharosError `bad-publication` for what is no object
 */
export function publicationFields(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PharosError("bad-publication", "this is not a JSON object");
  return new Map(Object.entries(value));
}

function topicsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((topic) => typeof topic === "string")) return value;
  throw new PharosError("bad-publication", "topic must be a text, or a list of texts");
}

function required(text: string | undefined, name: string): string {
  if (text !== undefined) return text;
  throw new PharosError("bad-publication", `${name} is missing; for no ${name} write "${name}": ""`);
}

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new PharosError("bad-publication", `${name} must be a text`);
}

function numberOf(value: unknown, name: string): number | undefined {
  if (value === undefined || typeof value === "number") return value;
  throw new PharosError("bad-publication", `${name} must be a number of milliseconds`);
}

function flagOf(value: unknown, name: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new PharosError("bad-publication", `${name} must be true or false`);
}
