import { endSymbol, huffmanCodes } from "./huffman-code.js";

/**
 * The decoder reads half a byte at a time. A state stands for the bits since the last complete code: one state for each
 * sequence of bits that begins a code and does not complete it. Of 257 codes, these are 256. State 0 is the empty
 * sequence.
 */
const states = 256;

/**
 * The step for each state and half byte: the next state in the low 8 bits, the decoded byte in the next 8 bits, and
 * {@link emits} if a code is complete. No code is shorter than 5 bits, so half a byte completes at most one.
 */
const steps = new Int32Array(states * 16);

const emits = 0x1_0000;

/** The step if the end symbol is complete. */
const invalid = -1;

/** 1 for the states in which a string may end: at most 7 bits, all of them ones. */
const isPadding = new Uint8Array(states);

fillTables();

/** Room for the decoded bytes of most strings. The shortest code has 5 bits. */
const scratch = Buffer.allocUnsafeSlow(4096);
const mostBytesPerByte = 8 / 5;

/**
 * Decodes the bytes of `block` from `start` to `end` [RFC 7541 5.2]. The text has one character for each byte. Returns
 * undefined if the end symbol occurs, or if the padding has more than 7 bits or a zero.
 */
export function decodeHuffman(block: Buffer, start: number, end: number): string | undefined {
  const mostBytes = Math.floor((end - start) * mostBytesPerByte);
  const bytes = mostBytes <= scratch.length ? scratch : Buffer.allocUnsafe(mostBytes);
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at += 1) {
    const byte = block[at] ?? 0;
    const high = steps[(state << 4) | (byte >> 4)] ?? invalid;
    if (high === invalid) return undefined;
    if ((high & emits) !== 0) bytes[length++] = high >> 8;
    const low = steps[((high & 0xff) << 4) | (byte & 0x0f)] ?? invalid;
    if (low === invalid) return undefined;
    if ((low & emits) !== 0) bytes[length++] = low >> 8;
    state = low & 0xff;
  }
  return isPadding[state] === 1 ? bytes.toString("latin1", 0, length) : undefined;
}

/** Sequences of bits are texts of `0` and `1` here. */
function fillTables(): void {
  const symbols = new Map(huffmanCodes.map(({ code, bits }, symbol) => [textOf(code, bits), symbol]));
  const stateOf = new Map<string, number>();
  for (const code of symbols.keys())
    for (let length = 0; length < code.length; length += 1) {
      const begun = code.slice(0, length);
      if (!stateOf.has(begun)) stateOf.set(begun, stateOf.size);
    }

  const stepOf = (bits: string, known: number): number => {
    for (let length = known + 1; length <= bits.length; length += 1) {
      const symbol = symbols.get(bits.slice(0, length));
      if (symbol === endSymbol) return invalid;
      if (symbol !== undefined) return emits | (symbol << 8) | (stateOf.get(bits.slice(length)) ?? 0);
    }
    return stateOf.get(bits) ?? 0;
  };

  for (const [begun, state] of stateOf) {
    isPadding[state] = /^1{0,7}$/.test(begun) ? 1 : 0;
    for (let half = 0; half < 16; half += 1)
      steps[(state << 4) | half] = stepOf(begun + textOf(half, 4), begun.length);
  }
}

function textOf(bits: number, count: number): string {
  return bits.toString(2).padStart(count, "0");
}
