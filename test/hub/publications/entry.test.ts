import { expect, it } from "vitest";
import { eventsOnlyFormat, eventStreamFormat } from "../../../src/gateway/formats/event-stream.js";
import { Entry } from "../../../src/hub/publications/entry.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { mercureEventsOnlyFormat, mercureFormat } from "../../../src/protocols/mercure/formats.js";
import { websocketFormat } from "../../../src/protocols/pharos/websocket-format.js";

function entry(pendingIn: number): Entry {
  const publication = parsePublication({ topics: ["a"], data: "x" });
  return Object.assign(new Entry({ offset: 1, id: "e", publication, atMs: 0 }), { pendingIn });
}

// Bug: cohorts with and without positions took turns, and each of them encoded every publication again.
it("is encoded once for all formats with the same events, while it is pending", () => {
  const pending = entry(1);
  const bytes = pending.encodedAs(eventStreamFormat);
  for (const format of [eventsOnlyFormat, mercureFormat, mercureEventsOnlyFormat, eventStreamFormat])
    expect(pending.encodedAs(format)).toBe(bytes);
  expect(pending.encodedAs(websocketFormat)).not.toEqual(bytes);
  expect(pending.encodedAs(eventStreamFormat)).toEqual(bytes);
});

it("is not kept encoded when it is not pending", () => {
  const stored = entry(0);
  expect(stored.encodedAs(eventStreamFormat)).not.toBe(stored.encodedAs(eventStreamFormat));
});
