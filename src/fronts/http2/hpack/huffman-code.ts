/** The code of a symbol: the low `bits` bits of `code`, the highest bit first. */
export interface HuffmanCode {
  readonly code: number;
  readonly bits: number;
}

/** The symbol behind the 256 bytes, which marks the end of a string. A string never contains it [RFC 7541 5.2]. */
export const endSymbol = 256;

/** The number of bits of the code of each symbol [RFC 7541 appendix B]. */
const codeBits: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/**
 * The codes of all symbols. The code is canonical: in the order of their lengths, and of their symbols within a length,
 * each code is the one before it plus one. So the lengths determine the codes.
 */
export const huffmanCodes: readonly HuffmanCode[] = canonicalCodes();

function canonicalCodes(): HuffmanCode[] {
  const codes = codeBits.map((bits) => ({ code: 0, bits }));
  let next = 0;
  let length = 0;
  for (const each of codes.toSorted((one, other) => one.bits - other.bits)) {
    next <<= each.bits - length;
    length = each.bits;
    each.code = next;
    next += 1;
  }
  return codes;
}
