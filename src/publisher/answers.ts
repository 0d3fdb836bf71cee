import { PharosError } from "../base/errors.js";
import type { Posted } from "./post.js";

/** Statuses of temporary errors: the same request may succeed later. */
const temporary: ReadonlySet<number> = new Set([408, 425, 429]);

const maxReasonLength = 300;
const maxIdLength = 4096;

/**
 * Reads the event id from the response to one publication.
 *
 * @throws PharosError `refused` or `not-taken` with the reason of the hub; also `refused` when the response is not from
 *   a hub
 */
export function parseId(answer: Posted): string {
  if (answer.status !== 200) throw publishRefusal(answer);
  const id = answer.text.trim();
  if (id === "" || id.length > maxIdLength || /\p{Cc}/u.test(id) || isHtml(answer.type)) throw noHub();
  return id;
}

/**
 * Reads the event ids from the response to `count` publications.
 *
 * @throws PharosError with the codes of {@link parseId}
 */
export function parseIds(answer: Posted, count: number): readonly string[] {
  if (answer.status !== 200) throw publishRefusal(answer);
  const ids = fieldOf(answer.text, "ids");
  if (!Array.isArray(ids) || ids.length !== count) throw noHub();
  return ids.map(String);
}

/** Makes the error for an unsuccessful response, with the hub's reason. */
function publishRefusal(answer: Posted): PharosError {
  const { status } = answer;
  const code = status >= 500 || temporary.has(status) ? "not-taken" : "refused";
  return new PharosError(code, `the hub refused the request with status ${status}: ${reasonOf(answer)}`);
}

function noHub(): PharosError {
  return new PharosError("refused", "the server is not a hub: its successful response has no event id");
}

function reasonOf({ status, type, text }: Posted): string {
  if (status >= 300 && status < 400)
    return "the server redirects to another URL; a publisher does not send its token there";
  const given = isJson(type) ? fieldOf(text, "detail") : isHtml(type) ? "" : firstLine(text);
  const reason = typeof given === "string" ? printable(given) : "";
  return reason === "" ? "no reason given" : reason;
}

/** A field of a JSON object, such as the `detail` of problem details [RFC 9457]; undefined if the field is missing. */
function fieldOf(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    return new Map(Object.entries(value)).get(name);
  } catch {
    return undefined;
  }
}

function isJson(type: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

function isHtml(type: string): boolean {
  return /^text\/html\b/i.test(type);
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}

/** Escapes control characters, because the text is from the server and a program may print it on a terminal. */
function printable(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, " ").trim();
  return clean.length > maxReasonLength ? `${clean.slice(0, maxReasonLength)}…` : clean;
}
