import { PharosError } from "../../base/errors.js";
import { decodeUtf8 } from "../../base/utf8.js";

/** The largest publication that a hub can be configured to accept. */
const maxLineBytes = 64 * 1024 * 1024;
const lf = 0x0a;
const cr = 0x0d;

export interface Line {
  /** The number of the line, from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Reads lines that end in LF or CRLF. The last line may have no line end.
 *
 * @throws PharosError `bad-publication` for a line that is not UTF-8, `too-large` for a line over 64 MiB
 */
export async function* readLines(input: AsyncIterable<Buffer | string>): AsyncIterable<Line> {
  let number = 0;
  let rest: Buffer[] = [];
  for await (const chunk of input) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(lf); end >= 0; end = bytes.indexOf(lf, from)) {
      number += 1;
      yield lineOf([...rest, bytes.subarray(from, end)], number);
      rest = [];
      from = end + 1;
    }
    if (from < bytes.length) rest.push(bytes.subarray(from));
    checkLength(rest, number + 1);
  }
  if (rest.length > 0) yield lineOf(rest, number + 1);
}

function lineOf(parts: readonly Buffer[], number: number): Line {
  checkLength(parts, number);
  const bytes = Buffer.concat(parts);
  const end = bytes.at(-1) === cr ? bytes.length - 1 : bytes.length;
  return { number, text: decodeUtf8(bytes.subarray(0, end), `line ${number}`) };
}

function checkLength(parts: readonly Buffer[], number: number): void {
  if (parts.reduce((sum, part) => sum + part.length, 0) > maxLineBytes)
    throw new PharosError("too-large", `line ${number} is longer than 64 MiB`);
}
