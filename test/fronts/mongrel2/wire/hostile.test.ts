import { describe, expect, it } from "vitest";
import { defaultRequestLimits } from "../../../../src/fronts/mongrel2/wire/limits.js";
import { type Mongrel2Frame, parseMongrel2Frame } from "../../../../src/fronts/mongrel2/wire/request.js";
import { buildFrame, captured, capturedFrames, frameOf, line, netstring, sender } from "./frames.js";

const answerable = { kind: "malformed", sender, id: 1, reason: expect.any(String) };
const nameless = { kind: "malformed", reason: expect.any(String) };
const tooLarge = { ...answerable, isTooLarge: true };

describe("frames without a sender and id", () => {
  it.each<[string, string]>([
    ["nothing", ""],
    ["one blank", " "],
    ["blanks", "    "],
    ["a sender alone", sender],
    ["no path", `${sender} 1`],
    ["an empty path", `${sender} 1  2:{},0:,`],
    ["an empty sender", " 1 /j 2:{},0:,"],
    ["a sender of other characters", "a_b 1 /j 2:{},0:,"],
    ["a sender of 65 bytes", `${"a".repeat(65)} 1 /j 2:{},0:,`],
    ["an empty id", `${sender}  /j 2:{},0:,`],
    ["a lone sign for id", `${sender} - /j 2:{},0:,`],
    ["a signed id", `${sender} +1 /j 2:{},0:,`],
    ["an id in hexadecimal", `${sender} 0x1 /j 2:{},0:,`],
    ["an id beyond 32 bits", `${sender} 4294967296 /j 2:{},0:,`],
    ["an id of twelve digits", `${sender} 000000000001 /j 2:{},0:,`],
    ["an HTTP request", "POST / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a ZMTP 1.0 greeting", "\u0001\u0000\u007f"],
  ])("are malformed and name nobody: %s", (_what, text) => {
    expect(parseMongrel2Frame(Buffer.from(text))).toEqual(nameless);
  });
});

describe("frames that fail after their id", () => {
  const headers = netstring(JSON.stringify(line));
  it.each<[string, Buffer | string]>([
    ["no headers", ""],
    ["half a size", "1"],
    ["a padded size", "02:{},"],
    ["headers cut short", "99:{}"],
    ["headers of another type", netstring(JSON.stringify(line), "]")],
    ["headers that are no JSON", netstring("{METHOD}")],
    ["headers that are a JSON list", netstring("[]")],
    ["headers that are JSON null", netstring("null")],
    ["headers that are a JSON string", netstring('"x"')],
    ["a header that is a number", netstring(JSON.stringify({ ...line, x: 1 }))],
    ["a header that is an object", netstring(JSON.stringify({ ...line, x: {} }))],
    ["a header with a number in its list", netstring(JSON.stringify({ ...line, x: ["a", 1] }))],
    ["a list within a list", netstring(JSON.stringify({ ...line, x: [["a"]] }))],
    ["METHOD twice", netstring(JSON.stringify({ ...line, METHOD: ["GET", "JSON"] }))],
    ["no METHOD", netstring(JSON.stringify({ URI: "/", VERSION: "HTTP/1.1" }))],
    ["no URI", netstring(JSON.stringify({ METHOD: "GET", VERSION: "HTTP/1.1" }))],
    ["no VERSION", netstring(JSON.stringify({ METHOD: "GET", URI: "/" }))],
    ["credits that are no number", netstring(JSON.stringify({ ...line, DOWNLOAD_CREDITS: "many" }))],
    [
      "a URI that is not UTF-8",
      netstring(Buffer.from(`{"METHOD":"GET","URI":"/\xe9","VERSION":"1"}`, "latin1")),
    ],
    ["a tnetstring that is no dict", netstring("1:a", "}")],
    ["a tnetstring with a header twice", netstring("16:1:a,1:b,1:a,1:c,", "}")],
    ["a tnetstring with a number", netstring("1:a,1:1#", "}")],
    ["a tnetstring with a list in a list", netstring("1:a,8:4:1:a,]]", "}")],
    ["JSON nested 20,000 deep", netstring("[".repeat(20_000))],
  ])("name their sender and id for an answer: %s", (_what, block) => {
    expect(parseMongrel2Frame(frameOf({}, block))).toEqual(answerable);
  });

  it.each<[string, Buffer]>([
    ["no body", headers],
    ["a body cut short", Buffer.concat([headers, Buffer.from("5:ab,")])],
    ["a body of another type", Buffer.concat([headers, netstring("ab", "#")])],
    ["bytes after the body", Buffer.concat([headers, netstring("ab"), Buffer.from("x")])],
  ])("name their sender and id for an answer: %s", (_what, rest) => {
    const frame = Buffer.concat([Buffer.from(`${sender} 1 /j `), rest]);
    expect(parseMongrel2Frame(frame)).toEqual(answerable);
  });

  it("name no id where none could be answered", () => {
    const frame = buildFrame({ id: -1, headers: line });
    expect(parseMongrel2Frame(frame)).toEqual({ kind: "malformed", sender, reason: expect.any(String) });
  });

  it("are malformed with a path that is not UTF-8", () => {
    const frame = Buffer.from(buildFrame({ path: "/?", headers: line }));
    frame[frame.indexOf("/?") + 1] = 0xe9;
    expect(parseMongrel2Frame(frame)).toEqual(answerable);
  });

  it("are the messages of a JSON socket, which is not HTTP", () => {
    expect(parseMongrel2Frame(captured("JSON socket"))).toMatchObject({ kind: "malformed", id: 4 });
  });
});

describe("every cut of a real frame", () => {
  it("is malformed, and names its sender and id from the path on", () => {
    for (const frame of [
      captured("get", { protocol: "json" }),
      captured("get", { protocol: "tnetstring" }),
    ]) {
      const named = frame.indexOf(" /") + " /j ".length;
      for (let size = 0; size < frame.length; size++) {
        const parsed = parseMongrel2Frame(frame.subarray(0, size));
        expect(parsed.kind, `cut at ${size}`).toBe("malformed");
        expect("id" in parsed, `cut at ${size}`).toBe(size >= named);
      }
    }
  });

  it("is no notice", () => {
    for (const name of ["disconnect", "credits", "fence"]) {
      const frame = captured(name);
      for (let size = 0; size < frame.length; size++) {
        expect(parseMongrel2Frame(frame.subarray(0, size)).kind).toBe("malformed");
      }
    }
  });

  it("or two frames in one are malformed", () => {
    for (const { frame } of capturedFrames) {
      expect(parseMongrel2Frame(Buffer.concat([frame, frame])).kind).toBe("malformed");
    }
  });
});

describe("limits of a frame", () => {
  it("take a frame of the largest size and refuse one byte more", () => {
    const frame = buildFrame({ headers: line, body: "x".repeat(100) });
    expect(parseMongrel2Frame(frame, { maxFrameBytes: frame.length }).kind).toBe("request");
    expect(parseMongrel2Frame(frame, { maxFrameBytes: frame.length - 1 })).toEqual(tooLarge);
  });

  it.each(["json", "tnetstring"] as const)(
    "take the largest headers and refuse one byte more (%s)",
    (protocol) => {
      const room = defaultRequestLimits.maxHeaderBytes - (protocol === "json" ? 80 : 90);
      const sized = (length: number): Buffer =>
        buildFrame({ protocol, headers: { ...line, pad: "x".repeat(length) } });
      expect(parseMongrel2Frame(sized(room)).kind).toBe("request");
      expect(parseMongrel2Frame(sized(room + 90))).toEqual(answerable);
    },
  );

  it.each(["json", "tnetstring"] as const)("count every value of a repeated header (%s)", (protocol) => {
    const own = Object.keys(line).length;
    const many = (count: number): Buffer =>
      buildFrame({ protocol, headers: { ...line, x: Array.from({ length: count }, () => "") } });
    expect(parseMongrel2Frame(many(256 - own)).kind).toBe("request");
    expect(parseMongrel2Frame(many(257 - own))).toEqual(answerable);
    expect(parseMongrel2Frame(many(3), { maxHeaders: own + 2 })).toEqual(answerable);
  });

  it("refuse 300 headers, which a stock Mongrel2 lets through", () => {
    expect(parseMongrel2Frame(captured("300 headers"))).toMatchObject({ kind: "malformed", id: 15 });
  });

  it("take a repeated header in a tnetstring at depth 3 and refuse it at 2", () => {
    const frame = captured("repeated headers", { protocol: "tnetstring" });
    expect(parseMongrel2Frame(frame, { maxTnetstringDepth: 3 }).kind).toBe("request");
    expect(parseMongrel2Frame(frame, { maxTnetstringDepth: 2 }).kind).toBe("malformed");
  });

  it("hold for a frame of 8 MiB that is one word", () => {
    expect(parseMongrel2Frame(Buffer.alloc(8 * 1024 * 1024, "a"))).toEqual(nameless);
    expect(parseMongrel2Frame(frameOf({ path: "/".repeat(8 * 1024 * 1024) }, "2:{},"))).toEqual(tooLarge);
  });
});

describe("mutated real frames", () => {
  it("never throw and always give a well-formed answer, 20,000 times", () => {
    const random = createRandom(7);
    const kinds = new Map<string, number>();
    for (let round = 0; round < 20_000; round++) {
      const frame = mutate(random, round % 2 === 0);
      const parsed = parseMongrel2Frame(frame);
      const fault = faultIn(parsed);
      if (fault !== undefined) throw new Error(`${fault}: ${JSON.stringify(frame.toString("latin1"))}`);
      kinds.set(parsed.kind, (kinds.get(parsed.kind) ?? 0) + 1);
    }
    // All four outcomes must occur: mutations that are too strong or too weak would miss some of them.
    expect([...kinds.keys()].sort()).toEqual(["credits", "disconnect", "malformed", "request"]);
    expect(kinds.get("request")).toBeGreaterThan(2_000);
    expect(kinds.get("malformed")).toBeGreaterThan(5_000);
  });
});

/**
 * A reason without invisible characters. It quotes at most one value, and has at most 450 characters: 128 for the text,
 * 2 for the quotes, and 8 (for example `\u{200b}`) for each of the 40 characters of the value that it shows.
 */
const plainReason = /^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]{1,450}$/u;

/**
 * Describes what is wrong with a parsed frame; undefined if the frame is correct. The function does not use `expect()`,
 * which is slow: the test calls the function 20,000 times.
 */
function faultIn(parsed: Mongrel2Frame): string | undefined {
  switch (parsed.kind) {
    case "request": {
      const { id, headers, sender, method } = parsed.request;
      if (!(id >= 0 && id <= 0xffff_ffff) || !/^[\w-]{1,64}$/.test(sender)) return "bad sender or id";
      if (typeof method !== "string") return "no method";
      for (const [name, values] of headers) {
        if (/[A-Z]/.test(name) || values.some((value) => typeof value !== "string")) return "bad header";
      }
      return undefined;
    }
    case "disconnect":
      return Number.isInteger(parsed.id) ? undefined : "bad id";
    case "credits":
      return Number.isSafeInteger(parsed.credits) && parsed.credits >= 0 ? undefined : "bad credits";
    case "malformed": {
      const plain = plainReason.test(parsed.reason);
      const answerable = parsed.id === undefined || (parsed.sender !== undefined && parsed.id >= 0);
      return plain && answerable ? undefined : "bad reason or id";
    }
    default:
      return parsed satisfies never;
  }
}

/**
 * One to three mutations of a captured frame. With `sized`, the function mutates the HEADERS block, and then corrects
 * the size in front of the block.
 */
function mutate(random: () => number, sized: boolean): Buffer {
  const frame = pick(random, capturedFrames).frame;
  const times = 1 + Math.floor(random() * 3);
  if (!sized) return repeat(random, frame, times);
  const parts = /^(\S+ \S+ \S+ )\d+:([^]*)([,}])(\d+:[^]*)$/.exec(frame.toString("latin1"));
  const [, front = "", headers = "", type = "", body = ""] = parts ?? [];
  const mutated = repeat(random, Buffer.from(headers, "latin1"), times);
  return Buffer.concat([Buffer.from(front), netstring(mutated, type), Buffer.from(body, "latin1")]);
}

function repeat(random: () => number, start: Buffer, times: number): Buffer {
  let bytes = start;
  for (let round = 0; round < times; round++) bytes = pick(random, mutations)(bytes, random);
  return bytes;
}

type Mutation = (bytes: Buffer, random: () => number) => Buffer;

const telling = Buffer.from('0123456789:,#^!~]}[{"\\ @*-\0\t\n\xff', "latin1");

const mutations: readonly Mutation[] = [
  function flip(bytes, random) {
    const copy = Buffer.from(bytes);
    const at = Math.floor(random() * copy.length);
    if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    return copy;
  },
  function put(bytes, random) {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[Math.floor(random() * copy.length)] = pick(random, [...telling]);
    return copy;
  },
  function insert(bytes, random) {
    const at = Math.floor(random() * (bytes.length + 1));
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from([pick(random, [...telling])]),
      bytes.subarray(at),
    ]);
  },
  function cutOut(bytes, random) {
    const from = Math.floor(random() * bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + Math.floor(random() * 8))]);
  },
  function double(bytes, random) {
    const from = Math.floor(random() * bytes.length);
    const piece = bytes.subarray(from, from + 1 + Math.floor(random() * 20));
    return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from)]);
  },
  function splice(bytes, random) {
    const other = pick(random, capturedFrames).frame;
    const from = Math.floor(random() * other.length);
    return Buffer.concat([bytes.subarray(0, Math.floor(random() * bytes.length)), other.subarray(from)]);
  },
];

function pick<T>(random: () => number, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error("nothing to choose from");
  return choice;
}

/** A small generator with a seed (mulberry32), so that a test can repeat a failing run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
