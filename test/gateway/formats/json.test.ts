import { expect, it } from "vitest";
import { jsonEncoder } from "../../../src/gateway/formats/json.js";
import { Entry } from "../../../src/hub/publications/entry.js";
import { parsePublication, type PublicationInput } from "../../../src/hub/publications/publication.js";

function entryOf(input: Partial<PublicationInput>): Entry {
  const publication = parsePublication({ topics: ["t"], data: "", ...input });
  return new Entry({ offset: 7, id: input.id ?? "#AAAAAAAA:7", publication, atMs: 0 });
}

it("writes a publication with its id, topics, type, retry time and data", () => {
  const entry = entryOf({ id: "own", topics: ["a", "b"], type: "news", retry: 2000, data: 'a\n"b"' });
  expect(jsonEncoder.event(entry)).toBe(
    '{"kind":"event","id":"own","topics":["a","b"],"type":"news","retryMs":2000,"data":"a\\n\\"b\\""}',
  );
});

it("leaves out what the publication does not have", () => {
  expect(jsonEncoder.event(entryOf({}))).toBe('{"kind":"event","id":"#AAAAAAAA:7","topics":["t"],"data":""}');
});

it("says of a retained value that it is one", () => {
  expect(jsonEncoder.retained(entryOf({ data: "now", retain: true }))).toBe(
    '{"kind":"event","id":"#AAAAAAAA:7","topics":["t"],"data":"now","retained":true}',
  );
});

it("names the topic of a private publication with one, and none of one with several", () => {
  expect(JSON.parse(jsonEncoder.event(entryOf({ private: true })))).toMatchObject({ topics: ["t"] });
  const several = entryOf({ topics: ["inbox/ann", "inbox/bob"], private: true });
  expect(JSON.parse(jsonEncoder.event(several))).toMatchObject({ topics: [] });
});

it("writes a gap with the fields of its notice", () => {
  const topics = [{ topic: "t", missedAtMost: 3 }];
  expect(jsonEncoder.gap({ reason: "evicted", topics, more: true }, "#AAAAAAAA:9")).toBe(
    '{"kind":"gap","id":"#AAAAAAAA:9","reason":"evicted","topics":[{"topic":"t","missedAtMost":3}],"more":true}',
  );
});

it("writes positions, and what a stream opens with", () => {
  expect(jsonEncoder.position("#AAAAAAAA:9")).toBe('{"kind":"position","id":"#AAAAAAAA:9"}');
  expect(jsonEncoder.open({ filters: ["a/#"], retryMs: 2000 })).toBe(
    '{"kind":"open","filters":["a/#"],"retryMs":2000}',
  );
});
