import { fragments, question, rawFrame } from "./case.js";
import type { ConformanceCase } from "./case.js";

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const control = { close: 8, ping: 9, pong: 10 };
const KiB = 1024;

/** Lengths, reserved bits and opcodes, masks, control frames and fragments [RFC 6455 5]. */
export const frameCases: readonly ConformanceCase[] = [
  ...lengths(),
  ...reservedBits(),
  ...reservedOpcodes(),
  ...masks(),
  ...controlFrames(),
  ...fragmented(),
];

function lengths(): ConformanceCase[] {
  const sizes = [30, 125, 126, 127, 128, 4095, 4096, 65_535, 65_536, 65_537, 256 * KiB];
  const whole = [256 * KiB + 1, 1_187_840, 1_187_841, 1_300_000, 2_000_000];
  const tooBig = [2n ** 31n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n];
  return [
    ...sizes.map((size) => ({
      name: `text of ${size} bytes`,
      bytes: rawFrame({ opcode: 1, payload: question(1, size) }),
      outcome: ["filters 1"],
    })),
    ...whole.map((size) => ({
      name: `text of ${size} bytes`,
      bytes: rawFrame({ opcode: 1, payload: Buffer.alloc(size, " ") }),
      outcome: ["close 1009"],
    })),
    ...tooBig.map((announced) => ({
      name: `text that announces ${announced} bytes`,
      bytes: rawFrame({ opcode: 1, announced, lengthBytes: 8, payload: Buffer.alloc(100, " ") }),
      outcome: ["close 1009"],
    })),
    {
      name: "a length with its first bit set",
      bytes: rawFrame({ opcode: 1, announced: 2n ** 63n, lengthBytes: 8 }),
      outcome: ["close 1002"],
    },
    ...(
      [
        [0, 2],
        [1, 2],
        [125, 2],
        [0, 8],
        [125, 8],
        [126, 8],
        [65_535, 8],
      ] as const
    ).map(([size, lengthBytes]) => ({
      name: `a length of ${size} in ${lengthBytes} bytes`,
      bytes: rawFrame({ opcode: 1, payload: Buffer.alloc(size, " "), lengthBytes }),
      outcome: ["close 1002"],
    })),
  ];
}

function reservedBits(): ConformanceCase[] {
  return Object.entries(opcodes).flatMap(([kind, opcode]) =>
    [1, 2, 3, 4, 5, 6, 7].map((reserved) => ({
      name: `${kind} with the reserved bits ${reserved}`,
      bytes: rawFrame({ opcode, reserved, payload: kind === "close" ? Buffer.from([0x03, 0xe8]) : "{}" }),
      outcome: ["close 1002"],
    })),
  );
}

function reservedOpcodes(): ConformanceCase[] {
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) =>
    [
      { isFinal: true, payload: "" },
      { isFinal: false, payload: "" },
      { isFinal: true, payload: "payload" },
    ].map(({ isFinal, payload }) => ({
      name: `opcode ${opcode}${isFinal ? "" : ", not final"}${payload === "" ? "" : ", with a payload"}`,
      bytes: rawFrame({ opcode, isFinal, payload }),
      outcome: ["close 1002"],
    })),
  );
}

function masks(): ConformanceCase[] {
  return Object.entries(opcodes).map(([kind, opcode]) => ({
    name: `${kind} without a mask`,
    bytes: rawFrame({
      opcode,
      isMasked: false,
      payload: kind === "close" ? Buffer.from([0x03, 0xe8]) : "{}",
    }),
    outcome: ["close 1002"],
  }));
}

function controlFrames(): ConformanceCase[] {
  const ping = (payload: string): Buffer => rawFrame({ opcode: 9, payload });
  return [
    ...[0, 1, 2, 63, 64, 124, 125].map((size) => ({
      name: `a ping of ${size} bytes`,
      bytes: ping("p".repeat(size)),
      outcome: [`pong ${"p".repeat(size)}`],
    })),
    ...[0, 1, 125].map((size) => ({
      name: `a pong of ${size} bytes that nobody asked for`,
      bytes: rawFrame({ opcode: 10, payload: "p".repeat(size) }),
      outcome: [],
    })),
    ...Object.entries(control).flatMap(([kind, opcode]) => [
      {
        name: `a ${kind} of 126 bytes`,
        bytes: rawFrame({ opcode, payload: Buffer.alloc(126, 3) }),
        outcome: ["close 1002"],
      },
      {
        name: `a ${kind} that is not final`,
        bytes: rawFrame({ opcode, isFinal: false }),
        outcome: ["close 1002"],
      },
    ]),
    {
      name: "ten pings in one write",
      bytes: Buffer.concat(Array.from({ length: 10 }, (_, n) => ping(String(n)))),
      outcome: Array.from({ length: 10 }, (_, n) => `pong ${n}`),
    },
    {
      name: "a ping before a message",
      bytes: Buffer.concat([ping("a"), rawFrame({ opcode: 1, payload: question(1) })]),
      outcome: ["pong a", "filters 1"],
    },
    {
      name: "a ping with bytes that are not UTF-8",
      bytes: rawFrame({ opcode: 9, payload: Buffer.from([0xff, 0x00]) }),
      outcome: ["pong \u00ff\u0000"],
    },
  ];
}

function fragmented(): ConformanceCase[] {
  const text = question(1, 100);
  const parts = (count: number): string[] =>
    Array.from({ length: count }, (_, n) =>
      text.slice(Math.floor((n * 100) / count), Math.floor(((n + 1) * 100) / count)),
    );
  const ping = rawFrame({ opcode: 9, payload: "between" });
  const first = rawFrame({ opcode: 1, payload: text.slice(0, 20), isFinal: false });
  const last = rawFrame({ opcode: 0, payload: text.slice(20) });
  const middle = (payload: string): Buffer => rawFrame({ opcode: 0, payload, isFinal: false });
  const half = Buffer.alloc(128 * KiB, " ");
  return [
    ...[2, 3, 4, 7, 10, 50, 100].map((count) => ({
      name: `a message in ${count} fragments`,
      bytes: fragments(parts(count)),
      outcome: ["filters 1"],
    })),
    { name: "an empty first fragment", bytes: fragments(["", text]), outcome: ["filters 1"] },
    { name: "an empty last fragment", bytes: fragments([text, ""]), outcome: ["filters 1"] },
    {
      name: "empty fragments",
      bytes: fragments(["", text.slice(0, 9), "", "", text.slice(9), ""]),
      outcome: ["filters 1"],
    },
    {
      name: "2,000 empty fragments",
      bytes: Buffer.concat([first, ...Array.from({ length: 2000 }, () => middle("")), last]),
      outcome: ["filters 1"],
    },
    {
      name: "a ping between fragments",
      bytes: Buffer.concat([first, ping, last]),
      outcome: ["pong between", "filters 1"],
    },
    {
      name: "a pong between fragments",
      bytes: Buffer.concat([first, rawFrame({ opcode: 10 }), last]),
      outcome: ["filters 1"],
    },
    {
      name: "a close between fragments",
      bytes: Buffer.concat([first, rawFrame({ opcode: 8 })]),
      outcome: ["close 1000"],
    },
    {
      name: "two messages in fragments",
      bytes: Buffer.concat([first, last, first, last]),
      outcome: ["filters 1", "filters 1"],
    },
    { name: "a last fragment without a first", bytes: last, outcome: ["close 1002"] },
    { name: "a fragment without a first", bytes: middle("x"), outcome: ["close 1002"] },
    {
      name: "a fragment after a whole message",
      bytes: Buffer.concat([rawFrame({ opcode: 1, payload: text }), last]),
      outcome: ["filters 1", "close 1002"],
    },
    {
      name: "a text between fragments",
      bytes: Buffer.concat([first, rawFrame({ opcode: 1, payload: text })]),
      outcome: ["close 1002"],
    },
    {
      name: "a first fragment between fragments",
      bytes: Buffer.concat([first, first]),
      outcome: ["close 1002"],
    },
    {
      name: "bytes between fragments",
      bytes: Buffer.concat([first, rawFrame({ opcode: 2 })]),
      outcome: ["close 1002"],
    },
    {
      name: "reserved bits of a later fragment",
      bytes: Buffer.concat([first, rawFrame({ opcode: 0, reserved: 4 })]),
      outcome: ["close 1002"],
    },
    {
      name: "fragments of 256 KiB together",
      bytes: fragments([question(1, 128 * KiB), half]),
      outcome: ["filters 1"],
    },
    {
      name: "fragments of more than 256 KiB together",
      bytes: fragments([question(1, 128 * KiB), half, " "]),
      outcome: ["close 1009"],
    },
    { name: "bytes", bytes: rawFrame({ opcode: 2, payload: question(1) }), outcome: ["close 1003"] },
    { name: "bytes in fragments", bytes: fragments(["a", "b"], 2), outcome: ["close 1003"] },
    {
      name: "a message before bytes",
      bytes: Buffer.concat([rawFrame({ opcode: 1, payload: text }), rawFrame({ opcode: 2 })]),
      outcome: ["filters 1", "close 1003"],
    },
  ];
}
