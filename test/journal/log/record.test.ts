import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import { parseEpoch } from "../../../src/hub/publications/position.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { decodeInSteps, decodeRecord, decodeHead } from "../../../src/journal/log/decode-record.js";
import { encodeItem, encodeRecord, mostHeadBytes } from "../../../src/journal/log/encode-record.js";
import { offsetAt, publicationsPerRecord, sequenceOf } from "../../../src/journal/log/record.js";
import type { LogItem, LogRecord, LoggedPublication } from "../../../src/journal/log/record.js";
import { beatStates, nameOf, parseNodeId } from "../../../src/journal/nodes.js";
import { textOf, wordOf } from "./texts.js";

const some = { seed: 20_261_130, numRuns: 1000 };
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const publication = fc
  .record(
    {
      topics: fc.uniqueArray(wordOf("topic"), { minLength: 1, maxLength: 4 }),
      data: textOf(),
      id: fc.option(wordOf("id"), { nil: undefined }),
      type: fc.option(wordOf("type"), { nil: undefined }),
      retry: fc.option(fc.integer({ min: 100, max: 3_600_000 }), { nil: undefined }),
      retain: fc.boolean(),
      private: fc.boolean(),
      keepsId: fc.boolean(),
    },
    { requiredKeys: ["topics", "data", "keepsId"] },
  )
  .map(({ keepsId, ...input }): LoggedPublication => {
    const parsed = parsePublication(input);
    return { publication: parsed, keepsId: keepsId && parsed.id !== undefined };
  });

const epoch = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/).map((text) => {
  const parsed = parseEpoch(text);
  if (parsed === undefined) throw new Error(`${text} is an epoch`);
  return parsed;
});

/** A value as `JSON.parse` returns it: without -0. */
const jsonValue = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

const node = fc.stringMatching(/^[0-9a-f]{12}$/).map((text) => {
  const parsed = parseNodeId(text);
  if (parsed === undefined) throw new Error(`${text} is an id of a hub`);
  return parsed;
});

const beat = fc.record({
  node,
  name: textOf().map(nameOf),
  version: textOf().map(nameOf),
  startedAtMs: count,
  streams: count,
  lagMs: count,
  state: fc.constantFrom(...beatStates),
});

const item: fc.Arbitrary<LogItem> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        kind: fc.constant("group" as const),
        once: textOf(),
        publications: fc.array(publication, { minLength: 1, maxLength: 5 }),
      },
      { requiredKeys: ["kind", "publications"] },
    ),
  },
  fc.record({ kind: fc.constant("epoch" as const), epoch }),
  fc.record({
    kind: fc.constant("evict" as const),
    topic: fc.constantFrom("news", "/.well-known/mercure/subscriptions").map((topic) => parseHubTopic(topic)),
  }),
  fc.record({ kind: fc.constant("note" as const), part: textOf(), value: jsonValue }),
  fc.record({ kind: fc.constant("node" as const), beat }),
  fc.record({ kind: fc.constant("gone" as const), node, after: count, by: node }),
  fc.record({
    kind: fc.constant("rules" as const),
    format: fc.constant(1),
    idempotency: fc.record({ answers: count, bytes: count, ageSeconds: count }),
  }),
);

const record: fc.Arbitrary<LogRecord> = fc.record({
  run: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  n: count,
  atMs: count,
  items: fc.array(item, { maxLength: 5 }),
});

function encoded({ items, ...head }: LogRecord): Buffer {
  return encodeRecord(head, items.map(encodeItem));
}

/** What the payload is: the code of the refusal, or a record. */
function codeOf(payload: Buffer): string {
  try {
    return encoded(decodeRecord(payload)).equals(payload) ? "a record" : "a record with other bytes";
  } catch (error) {
    return error instanceof PharosError ? error.code : String(error);
  }
}

function groupOf(size: number): LogItem {
  const parsed = parsePublication({ topics: ["news"], data: "x".repeat(100) });
  return {
    kind: "group",
    publications: Array.from({ length: size }, () => ({ publication: parsed, keepsId: false })),
  };
}

const beatLine =
  '{"node":"0123456789ab","name":"hub-1","version":"1","startedAtMs":1,"streams":1,"lagMs":0,"state":"ok"}\n';

const head = { run: "Yx3_a-9", n: 12, atMs: 1_700_000_000_000 };

describe("a record", () => {
  it("comes back as it was written, and each item says its size", () => {
    fc.assert(
      fc.property(record, (written) => {
        const payload = encoded(written);
        expect(decodeRecord(payload)).toEqual(written);
        const { items, ...itsHead } = written;
        expect(decodeHead(payload)).toEqual(itsHead);
        const bytes = items.map((each) => Buffer.byteLength(encodeItem(each)));
        const headBytes = payload.length - bytes.reduce((sum, size) => sum + size, 0);
        expect(headBytes).toBe(encodeRecord(itsHead, []).length);
        expect(headBytes).toBeLessThanOrEqual(mostHeadBytes);
      }),
      some,
    );
  });

  it("is text that people can read", () => {
    const news = parsePublication({
      topics: ["news", "sport"],
      data: "a\nb",
      id: "7",
      type: "goal",
      retain: true,
    });
    const items: LogItem[] = [
      { kind: "group", once: '"p" k', publications: [{ publication: news, keepsId: false }] },
      { kind: "evict", topic: parseHubTopic("news") },
      { kind: "note", part: "subscriptions", value: [{ match: "news" }] },
    ];
    expect(encodeRecord(head, items.map(encodeItem)).toString()).toBe(
      [
        '{"format":3,"run":"Yx3_a-9","n":12,"atMs":1700000000000}',
        '{"group":1,"once":"\\"p\\" k"}',
        '{"t":["news","sport"],"d":"a\\nb","id":"7","type":"goal","retain":true,"repeatsId":true}',
        '{"evict":"news"}',
        '{"note":"subscriptions","value":[{"match":"news"}]}',
        "",
      ].join("\n"),
    );
  });

  it("that is damaged, or any other bytes, is another record or a refusal", () => {
    fc.assert(
      fc.property(
        record,
        fc.array(fc.record({ at: fc.nat(999), byte: fc.nat(255) }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.option(fc.nat(999)),
        (written, damages, end) => {
          const whole = encoded(written);
          const payload = whole.subarray(0, Math.ceil((whole.length * (end ?? 1000)) / 1000));
          for (const { at, byte } of damages) payload[Math.floor((at * payload.length) / 1000)] = byte;
          expect(["a record", "bad-record", "newer-format"]).toContain(codeOf(payload));
        },
      ),
      some,
    );
  });

  it("with a beat is read", () => {
    expect(codeOf(Buffer.concat([encodeRecord(head, []), Buffer.from(beatLine)]))).toBe("a record");
  });

  it("that ends early is refused, at each byte", () => {
    const payload = encodeRecord(head, [encodeItem(groupOf(3))]);
    const ends = Array.from({ length: payload.length }, (_, length) => codeOf(payload.subarray(0, length)));
    // The first line alone is a record without items.
    const headBytes = encodeRecord(head, []).length;
    expect(ends.filter((_, length) => length !== headBytes)).not.toContain("a record");
    expect(ends[headBytes]).toBe("a record");
  });

  it.each([
    ["no bytes", ""],
    ["another text", "hello\n"],
    ["a list", "[]\n"],
    ["a format without a run", '{"format":2,"anything":true}\n'],
    ["no format", '{"run":"a","n":1,"atMs":1}\n'],
    ["a run with a space", '{"format":1,"run":"a b","n":1,"atMs":1}\n'],
    ["a number below 0", '{"format":1,"run":"a","n":-1,"atMs":1}\n'],
    ["white space", '{"format":1, "run":"a","n":1,"atMs":1}\n'],
    ["an unknown field", '{"format":1,"run":"a","n":1,"atMs":1,"x":1}\n'],
    ["a field of all objects", '{"format":1,"run":"a","n":1,"atMs":1,"__proto__":{"x":1}}\n'],
  ])("refuses a first line: %s", (_, text) => {
    expect(codeOf(Buffer.from(text))).toBe("bad-record");
  });

  it.each([
    ["an unknown item", '{"other":1}\n'],
    ["an empty line", "\n"],
    ["a group without publications", '{"group":0}\n'],
    ["a group with too many publications", '{"group":4097}\n'],
    ["a group whose number begins with 0", '{"group":01}\n{"t":"a","d":"b"}\n'],
    ["two items in one", '{"epoch":"a","evict":"b"}\n'],
    ["a note without a value", '{"note":"a"}\n'],
    ["a note with white space", '{"note":"a","value":[1, 2]}\n'],
    ["an epoch with a space", '{"epoch":"a b"}\n'],
    ["a publication outside of a group", '{"t":"a","d":"b"}\n'],
    ["no topic", '{"group":1}\n{"t":[],"d":"b"}\n'],
    ["a list of one topic", '{"group":1}\n{"t":["a"],"d":"b"}\n'],
    ["a topic twice", '{"group":1}\n{"t":["a","a"],"d":"b"}\n'],
    ["a topic with a line feed", '{"group":1}\n{"t":"a\\nb","d":"b"}\n'],
    ["an id with a line feed", '{"group":1}\n{"t":"a","d":"b","id":"a\\nb"}\n'],
    ["an empty id", '{"group":1}\n{"t":"a","d":"b","id":""}\n'],
    ["data that is a number", '{"group":1}\n{"t":"a","d":1}\n'],
    ["data with half a character", '{"group":1}\n{"t":"a","d":"\\ud800"}\n'],
    ["an escape that is not needed", '{"group":1}\n{"t":"a","d":"\\u0041"}\n'],
    ["a beat of a hub without a name", beatLine.replace('"hub-1"', '""')],
    ["a beat with a long name", beatLine.replace("hub-1", "x".repeat(101))],
    ["a beat with a line feed", beatLine.replace("hub-1", "\\n")],
    ["a beat of a hub with another id", beatLine.replace("0123456789ab", "0123456789AB")],
    ["a beat with an unknown state", beatLine.replace('"ok"', '"well"')],
    ["a beat without streams", beatLine.replace('"streams":1,', "")],
    ["a beat with one field more", beatLine.replace('"ok"', '"ok","x":1')],
    ["a hub that is gone after no record", '{"gone":"0123456789ab","by":"0123456789ab"}\n'],
    ["a hub that is gone by nobody", '{"gone":"0123456789ab","after":1}\n'],
    ["a flag that is false", '{"group":1}\n{"t":"a","d":"b","retain":false}\n'],
  ])("refuses a line: %s", (_, text) => {
    const first = encodeRecord(head, []);
    expect(codeOf(Buffer.concat([first, Buffer.from(text)]))).toBe("bad-record");
  });

  it("with bytes that are no text is refused", () => {
    const payload = encodeRecord(head, [encodeItem(groupOf(1))]);
    payload[payload.length - 10] = 0xff;
    expect(codeOf(payload)).toBe("bad-record");
  });

  it("of a newer version is refused with a sentence of its own", () => {
    const newer = Buffer.from('{"format":4,"run":"a","n":1,"atMs":1,"anything":true}\nwhatever\n');
    expect(() => decodeRecord(newer)).toThrow(/format 4, which a newer version wrote.*formats up to 3/);
    expect(codeOf(newer)).toBe("newer-format");
    const rules = Buffer.from('{"rules":4,"answers":1,"bytes":1,"ageSeconds":1}\n');
    expect(codeOf(Buffer.concat([encodeRecord(head, []), rules]))).toBe("newer-format");
  });

  it("of an older version is read", () => {
    const older = '{"format":1,"run":"a","n":1,"atMs":2}\n{"rules":1,"answers":1,"bytes":1,"ageSeconds":1}\n';
    const idempotency = { answers: 1, bytes: 1, ageSeconds: 1 };
    const items: LogItem[] = [{ kind: "rules", format: 1, idempotency }];
    expect(decodeRecord(Buffer.from(older))).toEqual({ run: "a", n: 1, atMs: 2, items });
  });

  it("has at most 4,096 publications, in all groups together", () => {
    const full = [groupOf(4000), groupOf(96)].map(encodeItem);
    expect(decodeRecord(encodeRecord(head, full)).items).toHaveLength(2);
    expect(codeOf(encodeRecord(head, [...full, encodeItem(groupOf(1))]))).toBe("bad-record");
  });

  it("is decoded in steps of 64 KiB", () => {
    const payload = encodeRecord(head, [encodeItem(groupOf(4096))]);
    const steps = [...decodeInSteps(payload)].length;
    expect(steps).toBe(Math.floor(payload.length / (64 * 1024)));
    expect(steps).toBeGreaterThan(5);
  });
});

it("gives each publication of a record an offset that names the record", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 41 - 1 }),
      fc.nat(publicationsPerRecord - 1),
      (sequence, index) => {
        const offset = offsetAt(sequence, index);
        expect(sequenceOf(offset)).toBe(sequence);
        expect(sequenceOf(offsetAt(sequence, 0) - 1)).toBe(sequence - 1);
        expect(offsetAt(sequence + 1, 0)).toBeGreaterThan(offset);
        expect(Number.isSafeInteger(offset)).toBe(true);
      },
    ),
    some,
  );
});
