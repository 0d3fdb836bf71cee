import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { PublicationInput } from "../../hub/publications/publication.js";
import { isTokenText } from "../../gateway/http/bearer.js";
import { fieldOf } from "../../base/json/json-slices.js";
import { parseJson } from "../../base/json/parse-json.js";
import {
  jsonFields,
  parsePublicationJson,
  type JsonFields,
} from "../../hub/publications/publication-json.js";

/** A message of a WebSocket client. */
export type ClientMessage =
  | { readonly kind: "change"; readonly add: readonly string[]; readonly drop: readonly string[] }
  | { readonly kind: "publish"; readonly publication: PublicationInput }
  | { readonly kind: "token"; readonly token: string };

/** The number that the client gave its message. The answer repeats the number. */
export type MessageNumber = number;

/** One parsed message of a client. An invalid message has its number too, if the parser found a number. */
export interface ReadMessage {
  readonly request: MessageNumber | undefined;
  readonly message: ClientMessage | PharosError;
}

const kinds = "an object with add or drop, publish, or token, and optionally request";

/**
 * Parses one message:
 * - `{"add": string[], "drop": string[], "request"?}`; either `add` or `drop` may be absent
 * - `{"publish": {…}, "request"?}`
 * - `{"token": string, "request"?}`
 *
 * Never throws: for a malformed message, the result holds the error `bad-request` or `bad-publication`.
 */
export function readClientMessage(text: string): ReadMessage {
  let request: MessageNumber | undefined;
  try {
    const fields = jsonFields(parseJson(text));
    request = numberOf(fields.request);
    return { request, message: messageOf(fields, text) };
  } catch (error) {
    if (error instanceof PharosError) return { request, message: error };
    throw error;
  }
}

function messageOf(fields: JsonFields, text: string): ClientMessage {
  const names = Object.keys(fields)
    .filter((name) => name !== "request")
    .sort();
  switch (names.join()) {
    case "add":
    case "drop":
    case "add,drop":
      return { kind: "change", add: textsOf(fields, "add"), drop: textsOf(fields, "drop") };
    case "publish":
      return {
        kind: "publish",
        publication: parsePublicationJson(fields.publish, () => fieldOf(text, "publish") ?? ""),
      };
    case "token":
      return { kind: "token", token: tokenOf(fields.token) };
    default:
      throw new PharosError(
        "bad-request",
        `a message must be ${kinds}, not with the fields ${quoteValue(names.join(", "))}`,
      );
  }
}

function numberOf(value: unknown): MessageNumber | undefined {
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
  throw new PharosError("bad-request", `request must be a number, not ${quoteValue(value)}`);
}

function textsOf(fields: JsonFields, name: string): readonly string[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw new PharosError("bad-request", `${name} must be a list of topic filters, not ${quoteValue(value)}`);
}

function tokenOf(value: unknown): string {
  if (typeof value === "string" && isTokenText(value)) return value;
  throw new PharosError(
    "bad-authorization",
    "token must be a non-empty string of letters, digits and -._~+/, optionally with = at the end",
  );
}
