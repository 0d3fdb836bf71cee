import { describe, expect, it } from "vitest";
import { endSymbol, huffmanCodes } from "../../../../src/fronts/http2/hpack/huffman-code.js";
import { decodeHuffman } from "../../../../src/fronts/http2/hpack/huffman-decoder.js";
import { bytesOfBits, encodeHuffman, symbolBits } from "./huffman-encoder.js";

function decode(bytes: Buffer): string | undefined {
  return decodeHuffman(bytes, 0, bytes.length);
}

describe("the Huffman code", () => {
  it.each([
    // The first and the last code of each length in RFC 7541 appendix B: the codes between them are consecutive.
    [0x30, 0x0, 5],
    [0x74, 0x9, 5],
    [0x20, 0x14, 6],
    [0x75, 0x2d, 6],
    [0x3a, 0x5c, 7],
    [0x7a, 0x7b, 7],
    [0x26, 0xf8, 8],
    [0x5a, 0xfd, 8],
    [0x21, 0x3f8, 10],
    [0x3f, 0x3fc, 10],
    [0x27, 0x7fa, 11],
    [0x7c, 0x7fc, 11],
    [0x23, 0xffa, 12],
    [0x3e, 0xffb, 12],
    [0x00, 0x1ff8, 13],
    [0x7e, 0x1ffd, 13],
    [0x5e, 0x3ffc, 14],
    [0x7d, 0x3ffd, 14],
    [0x3c, 0x7ffc, 15],
    [0x7b, 0x7ffe, 15],
    [0x5c, 0x7fff0, 19],
    [0xd0, 0x7fff2, 19],
    [0x80, 0xfffe6, 20],
    [0xe2, 0xfffed, 20],
    [0x99, 0x1fffdc, 21],
    [0xe6, 0x1fffe8, 21],
    [0x81, 0x3fffd2, 22],
    [0xe9, 0x3fffeb, 22],
    [0x01, 0x7fffd8, 23],
    [0xef, 0x7ffff4, 23],
    [0x09, 0xffffea, 24],
    [0xed, 0xfffff5, 24],
    [0xc7, 0x1ffffec, 25],
    [0xeb, 0x1ffffef, 25],
    [0xc0, 0x3ffffe0, 26],
    [0xff, 0x3ffffee, 26],
    [0xcb, 0x7ffffde, 27],
    [0xfe, 0x7fffff0, 27],
    [0x02, 0xfffffe2, 28],
    [0xf9, 0xffffffe, 28],
    [0x0a, 0x3ffffffc, 30],
    [endSymbol, 0x3fffffff, 30],
  ])("of the symbol %i is that of RFC 7541 appendix B", (symbol, code, bits) => {
    expect(huffmanCodes[symbol]).toEqual({ code, bits });
  });

  it("of each byte is decoded at each of the 8 places of a byte", () => {
    for (let byte = 0; byte < 256; byte += 1)
      for (let zeros = 0; zeros < 8; zeros += 1) {
        // A code of 5 bits moves the next code by 5 places.
        const text = "0".repeat(zeros) + String.fromCharCode(byte);
        expect(decode(encodeHuffman(text))).toBe(text);
      }
  });

  it("of each pair of bytes is decoded", () => {
    for (let first = 0; first < 256; first += 1) {
      const pairs = Array.from({ length: 256 }, (_, second) => String.fromCharCode(first, second)).join("");
      expect(decode(encodeHuffman(pairs))).toBe(pairs);
    }
  });

  it("of a string of 100,000 bytes is decoded", () => {
    const text = "012aceiost".repeat(10_000);
    expect(decode(encodeHuffman(text))).toBe(text);
  });

  it("of an empty string has no bytes", () => {
    expect(decode(Buffer.alloc(0))).toBe("");
  });
});

describe("the padding of a string", () => {
  /** Codes of 5 bits for `0` and one of 8 bits for `&`, so that `padding` ends at the end of a byte. */
  function padded(padding: string): { readonly text: string; readonly bytes: Buffer } {
    const zeros = [0, 3, 6, 1, 4, 7, 2, 5][padding.length] ?? 0;
    const bits = symbolBits(0x30).repeat(zeros) + symbolBits(0x26) + padding;
    return { text: `${"0".repeat(zeros)}&`, bytes: bytesOfBits(bits) };
  }

  it.each(["", "1", "11", "111", "1111", "11111", "111111", "1111111"])("may be '%s'", (padding) => {
    const { text, bytes } = padded(padding);
    expect(decode(bytes)).toBe(text);
  });

  it.each(["0", "10", "01", "110", "000", "1110", "0111", "111110", "1111110", "1111101"])(
    "has no zero, as in '%s'",
    (padding) => {
      expect(decode(padded(padding).bytes)).toBeUndefined();
    },
  );

  it("has less than 8 bits", () => {
    expect(decode(Buffer.from([0xff]))).toBeUndefined();
    expect(decode(Buffer.concat([encodeHuffman("&"), Buffer.from([0xff])]))).toBeUndefined();
    expect(decode(Buffer.concat([encodeHuffman("0"), Buffer.from([0xff])]))).toBeUndefined();
    expect(decode(Buffer.from([0xff, 0xff, 0xff]))).toBeUndefined();
  });

  it("is not the end symbol, which no string contains", () => {
    expect(decode(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toBeUndefined();
    expect(decode(bytesOfBits(`${symbolBits(endSymbol)}11`))).toBeUndefined();
    expect(decode(bytesOfBits(`${symbolBits(0x30)}${symbolBits(endSymbol)}11111`))).toBeUndefined();
    expect(decode(bytesOfBits(`${symbolBits(endSymbol)}${symbolBits(0x30)}11111`))).toBeUndefined();
  });

  it("is not the start of a code", () => {
    const cuts = huffmanCodes.flatMap((_, symbol) => {
      const bits = symbolBits(symbol);
      return [8, 16, 24].filter((length) => length < bits.length).map((length) => bits.slice(0, length));
    });
    expect(cuts.filter((cut) => decode(bytesOfBits(cut)) !== undefined)).toEqual([]);
  });
});
