import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import { parsePublishLines } from "../../../src/protocols/pharos/publishing/publish-lines.js";
import { parsePublication, type PublicationInput } from "../../../src/hub/publications/publication.js";

/** Accepts valid publications unchanged. */
function accept(input: PublicationInput): PublicationInput {
  parsePublication(input);
  return input;
}

function parse(text: string | Buffer): readonly PublicationInput[] {
  return [...parsePublishLines(Buffer.from(text), { accept })];
}

describe("parsePublishLines", () => {
  it("reads one publication a line", () => {
    const lines = [
      '{"topic":"a","data":"1"}',
      '{"data":"x\\ny","topic":["b","c"],"id":"7","type":"price","retry":500,"retain":true,"private":false}',
      '{"topic":"日本","data":"\\u65e5"}',
    ];
    const none = { id: undefined, type: undefined, retry: undefined, retain: undefined, private: undefined };
    const expected = [
      { ...none, topics: ["a"], data: "1" },
      { topics: ["b", "c"], data: "x\ny", id: "7", type: "price", retry: 500, retain: true, private: false },
      { ...none, topics: ["日本"], data: "日" },
    ];
    expect(parse(lines.join("\n"))).toEqual(expected);
    expect(parse(`${lines.join("\r\n")}\r\n`)).toEqual(expected);
    expect(parse(`\uFEFF${lines.join("\n")}`)).toEqual(expected);
    expect(parse(`\n \t\r\n${lines.join("\n\n")}\n\n`)).toEqual(expected);
  });

  it("publishes data that is no text as the JSON of its line", () => {
    const data = ["{ }", "[1, 2.0]", "12345678901234567890", "true", "null"];
    expect(parse(data.map((text) => `{"data": ${text}, "topic":"a"}`).join("\n"))).toMatchObject(
      ["{}", "[1,2.0]", "12345678901234567890", "true", "null"].map((text) => ({ data: text })),
    );
  });

  it.each<[string, string, RegExp]>([
    ["{", "bad-publication", /^line 2: the text is not JSON$/],
    ["[]", "bad-publication", /^line 2: the JSON text must be an object, not a list$/],
    ["null", "bad-publication", /^line 2: the JSON text must be an object, not null$/],
    ['{"topic":"a"}', "bad-publication", /^line 2: data is missing/],
    ['{"data":"a"}', "bad-publication", /^line 2: topic must be/],
    ['{"topic":[],"data":"a"}', "bad-topic", /^line 2: .*at least one topic$/],
    ['{"topic":["a",1],"data":"a"}', "bad-publication", /^line 2: topic must be/],
    ['{"topic":null,"data":"a"}', "bad-publication", /^line 2: topic must be/],
    ['{"topic":"a","data":"","retry":"500"}', "bad-publication", /^line 2: retry must be a number/],
    ['{"topic":"a","data":"","retry":5}', "bad-retry", /^line 2: /],
    [
      '{"topic":"a","data":"","retain":1}',
      "bad-publication",
      /^line 2: retain must be true or false, not 1$/,
    ],
    ['{"topic":"a","data":"","retained":true}', "bad-publication", /^line 2: "retained" is unknown; allowed/],
    ['{"topic":"a","data":"","__proto__":{"id":"x"}}', "bad-publication", /^line 2: "__proto__" is unknown/],
    ['{"topic":"*","data":""}', "bad-topic", /^line 2: .*reserved/],
    ['{"topic":"a","data":"","id":"#1"}', "bad-event-id", /^line 2: /],
    ['{"topic":"a","data":"","type":"mercure"}', "bad-event-type", /^line 2: /],
    ['{"topic":"a","data":"\\ud800"}', "bad-publication", /^line 2: .*UTF-8$/],
  ])("refuses all of it for %s", (line, code, message) => {
    const text = `{"topic":"a","data":"good"}\n${line}\n{"topic":"a","data":"good"}`;
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("refuses a line that is not UTF-8", () => {
    const bytes = Buffer.concat([
      Buffer.from('{"topic":"a","data":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(() => parse(bytes)).toThrow(
      expect.objectContaining({ code: "bad-publication", message: "line 1: the text is not valid UTF-8" }),
    );
  });

  it.each(["", "\n", " \r\n\t\n"])("refuses %j, which holds no publication", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "bad-publication" }));
  });

  it("takes as many as it may, and no more", () => {
    const line = '{"topic":"a","data":""}\n';
    expect(parse(line.repeat(1000))).toHaveLength(1000);
    expect(() => parse(line.repeat(1001))).toThrow(expect.objectContaining({ code: "too-large" }));
    const two = { accept, limits: { publications: 2, lines: 10 } };
    expect(() => [...parsePublishLines(Buffer.from(line.repeat(3)), two)]).toThrow(/at most 2 publications/);
  });

  it("takes so many lines, blank ones included, and no more", () => {
    expect(parse(`${"\n".repeat(9999)}{"topic":"a","data":""}`)).toHaveLength(1);
    expect(() => parse(`${"\n".repeat(10_000)}{"topic":"a","data":""}`)).toThrow(/at most 10000 lines/);
  });

  it("reads each line when it is asked for", () => {
    const lines = parsePublishLines(Buffer.from('{"topic":"a","data":"1"}\nnone'), { accept });
    expect(lines.next().value).toMatchObject({ data: "1" });
    expect(() => lines.next()).toThrow(/^line 2: /);
  });

  it("reads back what was written, whatever it holds", () => {
    const text = fc.string({ unit: "grapheme-composite" });
    const publication = fc.record(
      { topic: fc.oneof(text, fc.array(text)), data: text, id: text, retain: fc.boolean() },
      { requiredKeys: ["topic", "data"] },
    );
    fc.assert(
      fc.property(fc.array(publication, { minLength: 1, maxLength: 5 }), (given) => {
        const inputs = orNothing(() => parse(given.map((one) => JSON.stringify(one)).join("\n")));
        const written = given.map(({ topic, data }) => ({ topics: [topic].flat(), data }));
        expect([[], written]).toContainEqual(inputs.map(({ topics, data }) => ({ topics, data })));
      }),
      { seed: 20_261_121, numRuns: 2000 },
    );
  });

  it("takes or refuses any bytes; what it takes is valid", () => {
    const objects = [
      '{"topic":"a",',
      '"data":"b"}',
      "{",
      "}",
      "[",
      "]",
      '"topic":',
      '"a"',
      ",",
      ":",
      '"__proto__":',
    ];
    const others = [
      '"',
      "\\",
      "\n",
      "\r",
      "null",
      "1e999",
      "\u0000",
      "\ufeff",
      "é",
      '"retry":',
      "500",
      "true",
    ];
    const piece = fc.constantFrom(...objects, ...others);
    const bodies = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(""))),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        for (const input of orNothing(() => parse(body))) expect(() => parsePublication(input)).not.toThrow();
      }),
      { seed: 20_261_121, numRuns: 10_000 },
    );
  });
});

/** The result of `read`; undefined if `read` throws a PharosError. Any other error fails the test. */
function orNothing(read: () => readonly PublicationInput[]): readonly PublicationInput[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof PharosError) return [];
    throw error;
  }
}
