import { PharosError } from "../../../base/errors.js";
import type { PublicationInput } from "../../../hub/publications/publication.js";
import { decodeUtf8, isValidUtf8 } from "../../../base/utf8.js";
import { declaredPublishLimits } from "../../../limits/publications.js";
import { atPlace, readPublication } from "./read-publication.js";

const { publicationsPerRequest, linesPerRequest } = declaredPublishLimits;

/** The media type of a body with one JSON text per line. */
export const linesType = "application/x-ndjson";

export interface PublishLinesLimits {
  /** The most publications in one request. */
  readonly publications: number;
  /** The most lines in one request, including blank lines. */
  readonly lines: number;
}

export const defaultPublishLinesLimits: PublishLinesLimits = Object.freeze({
  publications: publicationsPerRequest.default,
  lines: linesPerRequest.default,
});

export interface PublishLinesOptions<T> {
  /**
   * Called with each publication. If this function throws an error, the parser puts the line's number in front of the
   * error message.
   */
  readonly accept: (input: PublicationInput) => T;
  /** @default defaultPublishLinesLimits */
  readonly limits?: PublishLinesLimits | undefined;
}

/**
 * Parses a body of many publications, one JSON object per line: `{"topic": string | string[], "data": any, "id"?,
 * "type"?, "retry"?, "ttl"?, "retain"?, "private"?}`. Lines end in LF or CRLF; blank lines are skipped. The function parses
 * each line on demand, so that the caller can pause between lines.
 *
 * @throws PharosError with the line's number in front: `bad-publication` for a malformed line or a body without
 *   publications; `too-large` for too many; the errors of `accept`
 */
export function* parsePublishLines<T>(body: Buffer, options: PublishLinesOptions<T>): Generator<T, void> {
  const { publications: most, lines } = options.limits ?? defaultPublishLinesLimits;
  let count = 0;
  // Most bodies are valid. A check of each line would cost as much as to decode the line.
  const isValid = isValidUtf8(body);
  const textOf = ({ from, to }: Line): string =>
    isValid ? body.toString("utf8", from, to) : decodeUtf8(body.subarray(from, to), "the text");
  for (const line of linesOf(body)) {
    if (line.number > lines) throw new PharosError("too-large", `a request may have at most ${lines} lines`);
    if (isBlank(body, line)) continue;
    count += 1;
    if (count > most) throw new PharosError("too-large", `a request may have at most ${most} publications`);
    yield atPlace(`line ${line.number}`, () => options.accept(readPublication(textOf(line))));
  }
  if (count === 0) throw new PharosError("bad-publication", "the body has no line with a publication");
}

const lf = 0x0a;

interface Line {
  /** The line's number. The first line is 1, and blank lines count. */
  readonly number: number;
  /** The index of the first byte. */
  readonly from: number;
  /** The index after the last byte. */
  readonly to: number;
}

/** Some editors put this mark in front of a file. */
const byteOrderMark = Buffer.from("\uFEFF");

function* linesOf(body: Buffer): Iterable<Line> {
  let number = 0;
  const start = body.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
  for (let from = start; from < body.length;) {
    const found = body.indexOf(lf, from);
    const to = found < 0 ? body.length : found;
    number += 1;
    yield { number, from, to };
    from = to + 1;
  }
}

/** True if the line has only white space of JSON [RFC 8259, 2]. */
function isBlank(body: Buffer, { from, to }: Line): boolean {
  let at = from;
  while (at < to && (body[at] === 0x20 || body[at] === 0x09 || body[at] === 0x0d)) at += 1;
  return at === to;
}
