import { PharosError } from "../../base/errors.js";
import { compactJson, fieldOf } from "../../base/json/json-slices.js";
import { kindOfValue, quoteValue } from "../../base/quote-value.js";
import type { PublicationInput } from "./publication.js";

type PublicationOptions = Omit<PublicationInput, "topics" | "data">;

const optionNames = ["id", "type", "retry", "ttl", "private", "retain"];
const fieldNames = ["topic", "data", ...optionNames];

/**
 * Reads a publication from JSON: `{"topic": string | string[], "data": any, "id"?, "type"?, "retry"?, "ttl"?, "retain"?,
 * "private"?}`. A `data` that is no text is published as the JSON that the publisher wrote, without white space. An
 * unknown field is an error: otherwise a misspelt option silently changes the meaning of the publication.
 * `parsePublication` checks the values.
 *
 * @param source the text of the value
 * @throws PharosError `bad-publication` for anything else
 */
export function parsePublicationJson(value: unknown, source: () => string): PublicationInput {
  const fields = jsonFields(value);
  refuseUnknown(fields, fieldNames);
  return { topics: topicsOf(fields.topic), data: dataOf(fields, source), ...optionsOf(fields) };
}

/**
 * Reads the options of a publication from JSON: the fields of {@link parsePublicationJson} without `topic` and `data`.
 *
 * @throws PharosError `bad-publication` for anything else
 */
export function parsePublicationOptions(value: unknown): PublicationOptions {
  const fields = jsonFields(value);
  refuseUnknown(fields, optionNames);
  return optionsOf(fields);
}

/** The fields of a JSON object. The sender chooses their names, so read only names that no object inherits. */
export type JsonFields = Readonly<Record<string, unknown>>;

/**
 * The fields of a JSON object.
 *
 * @throws PharosError `bad-publication` if the value is not an object
 */
export function jsonFields(value: unknown): JsonFields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PharosError("bad-publication", `the JSON text must be an object, not ${kindOfValue(value)}`);
  return value as JsonFields;
}

function refuseUnknown(fields: JsonFields, allowed: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !allowed.includes(name));
  if (unknown === undefined) return;
  throw new PharosError(
    "bad-publication",
    `${quoteValue(unknown)} is unknown; allowed are ${allowed.join(", ")}`,
  );
}

function optionsOf(fields: JsonFields): PublicationOptions {
  return {
    id: textOf(fields, "id"),
    type: textOf(fields, "type"),
    retry: numberOf(fields, "retry", "milliseconds"),
    ttl: numberOf(fields, "ttl", "seconds"),
    retain: flagOf(fields, "retain"),
    private: flagOf(fields, "private"),
  };
}

function topicsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((topic) => typeof topic === "string")) return value;
  throw new PharosError(
    "bad-publication",
    `topic must be a text, or a list of texts, not ${quoteValue(value)}`,
  );
}

function dataOf({ data }: JsonFields, source: () => string): string {
  if (typeof data === "string") return data;
  if (data === undefined)
    throw new PharosError("bad-publication", 'data is missing; for no data write "data": ""');
  return compactJson(fieldOf(source(), "data") ?? "");
}

function textOf(fields: JsonFields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "string") return value;
  throw new PharosError("bad-publication", `${name} must be a text, not ${kindOfValue(value)}`);
}

function numberOf(fields: JsonFields, name: string, unit: string): number | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "number") return value;
  throw new PharosError("bad-publication", `${name} must be a number of ${unit}, not ${quoteValue(value)}`);
}

function flagOf(fields: JsonFields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw new PharosError("bad-publication", `${name} must be true or false, not ${quoteValue(value)}`);
}
