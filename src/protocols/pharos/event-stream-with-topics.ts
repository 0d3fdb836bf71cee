import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import { encodeEvent } from "../../sse/encode.js";
import { eventStreamFormat, eventFieldsOf } from "../../gateway/formats/event-stream.js";
import { namedTopics } from "../../gateway/formats/json.js";

/**
 * {@link eventStreamFormat} with two more fields: the topics of each event, and the id of each retained value. From
 * the topics, a client with several filters knows which filter an event is for. Browsers ignore the two fields [HTML
 * 9.2.6: "the field is ignored"], but the client library reads both. The topics are those of {@link namedTopics}.
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
