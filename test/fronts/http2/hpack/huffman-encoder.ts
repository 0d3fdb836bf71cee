import { huffmanCodes } from "../../../../src/fronts/http2/hpack/huffman-code.js";

/** The code of a symbol, as a text of `0` and `1`. */
export function symbolBits(symbol: number): string {
  const { code, bits } = huffmanCodes[symbol]!;
  return code.toString(2).padStart(bits, "0");
}

/** The bytes of a text of `0` and `1`, whose length is a multiple of 8. */
export function bytesOfBits(bits: string): Buffer {
  return Buffer.from(
    Array.from({ length: bits.length / 8 }, (_, at) => parseInt(bits.slice(8 * at, 8 * at + 8), 2)),
  );
}

/** The Huffman code of the text, with padding. One character for each byte. Slow, bit by bit. */
export function encodeHuffman(text: string): Buffer {
  const bits = Array.from(text, (character) => symbolBits(character.charCodeAt(0))).join("");
  return bytesOfBits(bits.padEnd(8 * Math.ceil(bits.length / 8), "1"));
}
