import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usedBytes } from "../../support/used-bytes.js";
import { parsePlainPublication } from "../../../src/journal/log/plain-publication.js";
import { bothResults, publicationLine } from "./publication-lines.js";

describe("a line without escaped characters", () => {
  it("is read as by the slow way, or refused as by the slow way", () => {
    fc.assert(
      fc.property(publicationLine, (line) => {
        const [fast, slow] = bothResults(line);
        expect(JSON.stringify(fast)).toBe(JSON.stringify(slow));
      }),
      { seed: 20_261_130, numRuns: 2000 },
    );
  });

  it.each([
    ["the usual line", '{"t":"news","d":"Hello"}\n', { topics: ["news"], data: "Hello" }],
    ["data beyond Latin-1", '{"t":"news","d":"你好"}\n', { topics: ["news"], data: "你好" }],
    ["empty data", '{"t":"c#","d":"","retain":true}\n', { topics: ["c#"], data: "", retain: true }],
    [
      "all fields",
      '{"t":"a","d":"b","id":"7","type":"goal","retryMs":100,"ttl":60,"retain":true,"private":true}\n',
      {
        topics: ["a"],
        data: "b",
        id: "7",
        type: "goal",
        retryMs: 100,
        ttlSeconds: 60,
        retain: true,
        private: true,
      },
    ],
  ])("is read: %s", (_, line, expected) => {
    const keepsId = "id" in expected;
    const publication = { retain: false, private: false, ...expected };
    expect(parsePlainPublication(line, new Map())).toEqual({ publication, keepsId });
  });

  it.each([
    ["two topics", '{"t":["a","b"],"d":"c"}\n'],
    ["an escape", '{"t":"a","d":"\\n"}\n'],
    ["a control character", '{"t":"a","d":"\u001f"}\n'],
    ["a topic beyond Latin-1", '{"t":"日本","d":"c"}\n'],
    ["the topic *", '{"t":"*","d":"c"}\n'],
    ["the repeat of no id", '{"t":"a","d":"c","repeatsId":true}\n'],
    ["a time that is not exact", '{"t":"a","d":"c","retryMs":9007199254740993}\n'],
    ["a ttl that is not exact", '{"t":"a","d":"c","ttl":9007199254740993}\n'],
    ["two lines", '{"t":"a","d":"c"}\n{"t":"a","d":"c"}\n'],
  ])("leaves to the slow way: %s", (_, line) => {
    expect(parsePlainPublication(line, new Map())).toBeUndefined();
  });
});

it("publications to the same topic share one list of topics", () => {
  const topics = new Map();
  const [one, other] = ["b", "c"].map((data) => parsePlainPublication(`{"t":"a","d":"${data}"}\n`, topics));
  expect(one?.publication.topics).toBe(other?.publication.topics);
});

// Bug: V8 holds a part of a text together with the whole text, so each id and topic that the journal remembered kept the
// data of its publication in memory.
it("ids, types and topics do not keep the data of their line in memory", () => {
  const kept: unknown[] = [];
  const before = usedBytes();
  for (let index = 0; index < 500; index += 1) {
    const name = `name-of-publication-${index}`;
    const line = `{"t":"${name}","d":"${"x".repeat(20_000)}","id":"${name}","type":"${name}"}\n`;
    const { topics, id, type } = parsePlainPublication(line, new Map())?.publication ?? {};
    kept.push(topics, id, type);
  }
  expect(usedBytes() - before).toBeLessThan(2_000_000);
  expect(kept.length).toBe(1500);
});
