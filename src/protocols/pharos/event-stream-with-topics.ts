import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import { encodeEvent } from "../../sse/encode.js";
import { eventStreamFormat, eventFieldsOf } from "../../gateway/formats/event-stream.js";
import { namedTopics } from "../../gateway/formats/json.js";

/**
 * {@link eventStreamFormat} with the topics of each event and the id of each retained value. A client with several filters
 * needs them to know which filter an event is for. They are in fields that browsers ignore [HTML 9.2.6: "the field is
 * ignored"] and that the client library reads. The topics are those of {@link namedTopics}.
 */
export const eventStreamWithTopicsFormat: Format = Object.freeze({
  ...eventStreamFormat,
  name: "event-stream-topics",
  event: (entry: Entry) => encodeEvent({ id: entry.id, ...namedFieldsOf(entry) }),
  retained: (entry: Entry) => encodeEvent({ ...namedFieldsOf(entry), retained: entry.id }),
});

function namedFieldsOf(entry: Entry): ReturnType<typeof eventFieldsOf> & { topics: readonly string[] } {
  return { ...eventFieldsOf(entry), topics: namedTopics(entry.publication) };
}
