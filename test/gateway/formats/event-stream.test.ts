import { expect, it } from "vitest";
import { eventStreamFormat } from "../../../src/gateway/formats/event-stream.js";
import { eventStreamWithTopicsFormat } from "../../../src/protocols/pharos/event-stream-with-topics.js";
import { Entry } from "../../../src/hub/publications/entry.js";
import { parsePublication, type PublicationInput } from "../../../src/hub/publications/publication.js";

function entryOf(input: Omit<PublicationInput, "topics">): Entry {
  const publication = parsePublication({ topics: ["t"], ...input });
  return new Entry({ offset: 7, id: input.id ?? "#AAAAAAAA:7", publication, atMs: 0 });
}

it("writes a publication with its id, type, retry time and data", () => {
  const entry = entryOf({ id: "own", type: "news", retry: 2000, data: "a\nb" });
  expect(eventStreamFormat.event(entry).toString()).toBe(
    "id: own\nevent: news\nretry: 2000\ndata: a\ndata: b\n\n",
  );
});

it("leaves out what the publication does not have", () => {
  expect(eventStreamFormat.event(entryOf({ data: "" })).toString()).toBe("id: #AAAAAAAA:7\ndata: \n\n");
});

it("writes a retained value without an id, so that it does not move the cursor", () => {
  const entry = entryOf({ id: "own", type: "news", data: "now", retain: true });
  expect(eventStreamFormat.retained(entry, 7).toString()).toBe("event: news\ndata: now\n\n");
});

it("writes a gap as an event with its notice as one line of JSON and an id of its own", () => {
  const topics = [{ topic: 'a"\n', missedAtMost: 3 }];
  const text = eventStreamFormat.gap({ reason: "evicted", topics, more: true }, "#AAAAAAAA:9").toString();
  expect(text).toBe(
    'id: #AAAAAAAA:9\nevent: pharos-gap\ndata: {"reason":"evicted","topics":[{"topic":"a\\"\\n","missedAtMost":3}],"more":true}\n\n',
  );
});

it("writes a position and a heartbeat that fire nothing and move the cursor", () => {
  expect(eventStreamFormat.position("#AAAAAAAA:9").toString()).toBe("id: #AAAAAAAA:9\n\n");
  expect(eventStreamFormat.heartbeat("#AAAAAAAA:9").toString()).toBe(":\nid: #AAAAAAAA:9\n\n");
});

it("tells topics, and what is retained, to those who asked for it", () => {
  const entry = entryOf({ id: "own", type: "news", retry: 2000, data: "a", retain: true });
  expect(eventStreamWithTopicsFormat.event(entry).toString()).toBe(
    "id: own\nevent: news\nretry: 2000\ntopic: t\ndata: a\n\n",
  );
  expect(eventStreamWithTopicsFormat.retained(entry, 7).toString()).toBe(
    "event: news\nretry: 2000\ntopic: t\nretained: own\ndata: a\n\n",
  );
});
