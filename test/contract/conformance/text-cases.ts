import { fragments, rawFrame } from "./case.js";
import type { ConformanceCase } from "./case.js";

/** Texts that are valid UTF-8, from the edges of each length of a code point [RFC 3629 4]. */
const valid: readonly string[] = [
  "",
  "\u0000",
  "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!",
  "\u03ba\u1f79\u03c3\u03bc\u03b5",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ue000",
  "\ufeff",
  "\ufffd",
  "\ufffe",
  "\uffff",
  "\u{10000}",
  "\u{1f6a2}",
  "\u{1fffe}",
  "\u{10fffe}",
  "\u{10ffff}",
];

/** Bytes that are not UTF-8: wrong first bytes, missing and wrong later bytes, overlong forms, surrogates, too large. */
const invalid: readonly string[] = [
  "80",
  "bf",
  "8080",
  "80bf80",
  "c0",
  "c1",
  "c020",
  "df",
  "e0",
  "e080",
  "e1a0",
  "ef20",
  "f0",
  "f080",
  "f09080",
  "f0908020",
  "f5808080",
  "f8",
  "f888808080",
  "fc",
  "fc8480808080",
  "fe",
  "ff",
  "fefeffff",
  "c080",
  "c1bf",
  "c0af",
  "e080af",
  "e09fbf",
  "f08080af",
  "f08fbfbf",
  "eda080",
  "edadbf",
  "edae80",
  "edafbf",
  "edb080",
  "edbfbf",
  "eda080edb080",
  "f4908080",
  "f7bfbfbf",
  "61ff",
  "ceba e1bd",
  "e282",
  "e28261",
];

/** Text and bytes that are not text [RFC 6455 8.1]. */
export const textCases: readonly ConformanceCase[] = [
  ...valid.map((text) => ({
    name: `valid text ${JSON.stringify(text)}`,
    bytes: rawFrame({ opcode: 1, payload: text }),
    outcome: ["refused"],
  })),
  ...valid.slice(2).map((text) => ({
    name: `valid text ${JSON.stringify(text)} in fragments of one byte`,
    bytes: fragments([...Buffer.from(text)].map((byte) => Buffer.from([byte]))),
    outcome: ["refused"],
  })),
  ...invalid.map((hex) => ({
    name: `the bytes ${hex}`,
    bytes: rawFrame({ opcode: 1, payload: bytesOf(hex) }),
    outcome: ["close 1007"],
  })),
  ...invalid.slice(0, 20).map((hex) => ({
    name: `the bytes ${hex} in fragments of one byte`,
    bytes: fragments([...bytesOf(hex)].map((byte) => Buffer.from([byte]))),
    outcome: ["close 1007"],
  })),
  {
    name: "a message before bytes that are no text",
    bytes: Buffer.concat([
      rawFrame({ opcode: 1, payload: "a" }),
      rawFrame({ opcode: 1, payload: Buffer.from([0xff]) }),
    ]),
    outcome: ["refused", "close 1007"],
  },
];

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}
