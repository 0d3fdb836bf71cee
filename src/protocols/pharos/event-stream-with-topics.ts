import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import { encodeEvent } from "../../sse/encode.js";
import { eventStreamFormat, eventFieldsOf } from "../../gateway/formats/event-stream.js";
import { namedTopics } from "../../gateway/formats/json.js";

/**
 * As {@link eventStreamFormat}, and each event tells its topics, and a retained value its id: in fields that
 * browsers ignore [HTML 9.2.6: "the field is ignored"] and the client library reads. For whoever follows several
 * filters and has to know which of them an event is for. The topics told are those of its JSON.
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
