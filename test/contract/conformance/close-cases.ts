import { question, rawFrame } from "./case.js";
import type { ConformanceCase } from "./case.js";

const allowed = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4500, 4999,
];
const forbidden = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65_535];

/** Close frames [RFC 6455 5.5.1, 7.4]. */
export const closeCases: readonly ConformanceCase[] = [
  { name: "a close without a code", bytes: close(Buffer.alloc(0)), outcome: ["close 1000"] },
  { name: "a close with half a code", bytes: close(Buffer.from([3])), outcome: ["close 1002"] },
  ...allowed.map((code) => ({
    name: `a close with ${code}`,
    bytes: close(coded(code)),
    outcome: [`close ${code}`],
  })),
  ...forbidden.map((code) => ({
    name: `a close with ${code}`,
    bytes: close(coded(code)),
    outcome: ["close 1002"],
  })),
  ...["bye", "x".repeat(123), "\u00fc\u{1f6a2}"].map((reason) => ({
    name: `a close with the reason ${reason.slice(0, 5)}`,
    bytes: close(coded(1000, reason)),
    outcome: ["close 1000"],
  })),
  ...["ff", "c0", "e282", "eda080", "61f5"].map((hex) => ({
    name: `a close with the reason ${hex}, which is not UTF-8`,
    bytes: close(coded(1000, Buffer.from(hex, "hex"))),
    outcome: ["close 1007"],
  })),
  {
    name: "a close with a reason of 124 bytes",
    bytes: close(coded(1000, "x".repeat(124))),
    outcome: ["close 1002"],
  },
  {
    name: "messages before and after a close",
    bytes: Buffer.concat([text(1), text(2), close(coded(1001)), text(3)]),
    outcome: ["filters 1", "filters 2", "close 1001"],
  },
  {
    name: "a ping after a close",
    bytes: Buffer.concat([close(coded(1000)), rawFrame({ opcode: 9, payload: "late" })]),
    outcome: ["close 1000"],
  },
  {
    name: "two closes",
    bytes: Buffer.concat([close(coded(1000)), close(coded(1001))]),
    outcome: ["close 1000"],
  },
];

function close(payload: Buffer): Buffer {
  return rawFrame({ opcode: 8, payload });
}

function coded(code: number, reason: string | Buffer = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

function text(request: number): Buffer {
  return rawFrame({ opcode: 1, payload: question(request) });
}
