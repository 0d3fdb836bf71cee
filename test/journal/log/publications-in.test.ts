import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { encodeItem, encodeRecord } from "../../../src/journal/log/encode-record.js";
import { publicationsIn } from "../../../src/journal/log/publications-in.js";
import type { LogItem } from "../../../src/journal/log/record.js";
import { textOf } from "./texts.js";

const head = { run: "run", n: 1, atMs: 1 };
// Data that looks like the topic of another publication, and like a line.
const data = fc.oneof(textOf(), fc.constantFrom('"a"', '{"t":"a"', '\n{"t":"a","d":""}\n'));
const group = fc.array(
  fc.record({ topics: fc.uniqueArray(fc.constantFrom("a", "b", 'q"', "é"), { minLength: 1 }), data }),
  {
    minLength: 1,
    maxLength: 4,
  },
);

it("finds the publications to a topic, with their numbers in the record", () => {
  fc.assert(
    fc.property(
      fc.array(group, { maxLength: 4 }),
      fc.nat(6),
      fc.constantFrom("a", 'q"', "é"),
      (groups, from, topic) => {
        const evict: LogItem = { kind: "evict", topic: parseHubTopic("a") };
        const items = groups.flatMap((inputs): LogItem[] => [
          {
            kind: "group",
            publications: inputs.map((input) => ({ publication: parsePublication(input), keepsId: false })),
          },
          evict,
        ]);
        const payload = encodeRecord(head, items.map(encodeItem));
        const all = groups.flat().map((input, index) => ({ index, publication: parsePublication(input) }));
        const wanted = all.filter(({ index }) => index >= from);
        const every = [...publicationsIn(payload, { from })].map(({ index, publication }) => ({
          index,
          publication,
        }));
        expect(every).toEqual(wanted);
        const found = [...publicationsIn(payload, { from, topics: [parseHubTopic(topic)] })].map(
          ({ index }) => index,
        );
        const ofTopic = wanted.filter(({ publication }) => publication.topics.includes(parseHubTopic(topic)));
        expect(found).toEqual(expect.arrayContaining(ofTopic.map(({ index }) => index)));
      },
    ),
    { seed: 20_261_130, numRuns: 500 },
  );
});

it("refuses what is not a record", () => {
  const payload = encodeRecord(head, ['{"group":1}\n{"t":"a"}\n']);
  expect(() => [...publicationsIn(payload, { from: 0 })]).toThrow(/unknown line/);
  expect(() => [...publicationsIn(Buffer.from([0xff, 0x0a]), { from: 0 })]).toThrow(/UTF-8/);
});
