import { PharosError } from "../errors.js";
import type { PublicationInput } from "../hub/publication.js";
import { decodeUtf8 } from "../utf8.js";
import { parseJson } from "./parse-json.js";

/** The media type of lines of JSON. */
export const linesType = "application/x-ndjson";

export interface PublishLinesLimits {
  /** Publications in one request. */
  readonly publications: number;
  /** Lines in one request, blank ones included. */
  readonly lines: number;
}

/**
 * A thousand answers are some 20 KB of ids; whoever has more sends the next request. Nobody writes ten blank lines between
 * two publications, and 1 MiB of line feeds take 100 ms.
 */
export const defaultPublishLinesLimits: PublishLinesLimits = Object.freeze({
  publications: 1000,
  lines: 10_000,
});

export interface PublishLinesOptions<T> {
  /** What becomes of a line's publication; what it throws is told with the line's number in front. */
  readonly accept: (input: PublicationInput) => T;
  /** @default defaultPublishLinesLimits */
  readonly limits?: PublishLinesLimits | undefined;
}

/**
 * Reads a body of many publications, one JSON object a line:
 * `{"topic": string | string[], "data": string, "id"?, "type"?, "retry"?, "retain"?, "private"?}`. Lines end in LF or
 * CRLF; blank ones are skipped. A line is read when it is asked for, so that whoever asks can rest in between.
 *
 * @throws PharosError with the line's number in front: `bad-publication` when one is not of that form, or there is
 *   none; `too-large` for too many; else as `accept`
 */
export function* parsePublishLines<T>(body: Buffer, options: PublishLinesOptions<T>): Generator<T, void> {
  const { publications: most, lines } = options.limits ?? defaultPublishLinesLimits;
  let count = 0;
  for (const { number, bytes } of linesOf(body)) {
    if (number > lines) throw new PharosError("too-large", `a request may have at most ${lines} lines`);
    if (isBlank(bytes)) continue;
    count += 1;
    if (count > most) throw new PharosError("too-large", `a request may have at most ${most} publications`);
    yield parseLine(bytes, number, options.accept);
  }
  if (count === 0) throw new PharosError("bad-publication", "the body has no line with a publication");
}

const lf = 0x0a;

interface Line {
  /** Counted from 1, blank ones included. */
  readonly number: number;
  readonly bytes: Buffer;
}

function* linesOf(body: Buffer): Iterable<Line> {
  let number = 0;
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(lf, from);
    const end = found < 0 ? body.length : found;
    const bytes = body.subarray(from, end);
    number += 1;
    from = end + 1;
    yield { number, bytes };
  }
}

/** White space of JSON [RFC 8259, 2]. */
function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function parseLine<T>(bytes: Buffer, number: number, accept: (input: PublicationInput) => T): T {
  try {
    return accept(inputOf(parseObject(decodeUtf8(bytes, "the text"))));
  } catch (error) {
    if (!(error instanceof PharosError)) throw error;
    const { code, message, reason } = error;
    throw new PharosError(code, `line ${number}: ${message}`, {
      cause: error,
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PharosError("bad-publication", "this is not a JSON object");
  return new Map(Object.entries(value));
}

const fieldNames: ReadonlySet<string> = new Set([
  "topic",
  "data",
  "id",
  "type",
  "retry",
  "retain",
  "private",
]);

/** A field that is not known is refused: it may be a misspelt one, whose absence would lose the publication's meaning. */
function inputOf(fields: ReadonlyMap<string, unknown>): PublicationInput {
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
