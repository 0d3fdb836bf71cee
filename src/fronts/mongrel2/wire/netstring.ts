import { PharosError } from "../../../base/errors.js";

/**
 * The position of one netstring in a buffer. The payload begins at `start` and ends before `end`. `type` is the byte
 * after the payload, and the next netstring begins at `next`.
 */
export interface Netstring {
  readonly start: number;
  readonly end: number;
  readonly type: number;
  readonly next: number;
}

/** The tnetstring grammar allows at most nine digits for a size. */
const maxSizeDigits = 9;
const colon = 0x3a;
const zero = 0x30;

/**
 * Reads `SIZE:PAYLOAD TYPE` at `offset` without copying. Never reads at or beyond `bound`. Accepts any type byte.
 * Throws `bad-tnetstring` if the size is missing, too long or has leading zeros, or if the payload ends beyond `bound`.
 */
export function readNetstring(buffer: Buffer, offset: number, bound: number): Netstring {
  const start = findPayload(buffer, offset, bound);
  const end = start + parseSize(buffer, offset, start - 1);
  const type = end < bound ? buffer[end] : undefined;
  if (type === undefined) {
    throw new PharosError(
      "bad-tnetstring",
      `the size says ${end - start} bytes and a type byte, but ${bound - start} bytes follow`,
    );
  }
  return { start, end, type, next: end + 1 };
}

function findPayload(buffer: Buffer, offset: number, bound: number): number {
  const last = Math.min(offset + maxSizeDigits, bound - 1);
  for (let at = offset; at <= last; at++) {
    if (buffer[at] === colon) return at + 1;
  }
  throw new PharosError(
    "bad-tnetstring",
    `a size must have 1 to ${maxSizeDigits} digits, followed by a colon, not ${last + 1 - offset} bytes without a colon`,
  );
}

function parseSize(buffer: Buffer, from: number, to: number): number {
  if (from === to || (buffer[from] === zero && to - from > 1)) {
    throw new PharosError(
      "bad-tnetstring",
      `a size must be a decimal number without leading zeros, not ${from === to ? "nothing" : `${to - from} characters that begin with 0`}`,
    );
  }
  let size = 0;
  for (let at = from; at < to; at++) {
    const digit = (buffer[at] ?? 0) - zero;
    if (digit < 0 || digit > 9)
      throw new PharosError(
        "bad-tnetstring",
        `a size must consist of decimal digits, not the byte 0x${(buffer[at] ?? 0).toString(16)}`,
      );
    size = size * 10 + digit;
  }
  return size;
}
