import type { Entry } from "../hub/entry.js";
import type { Format } from "../hub/format.js";
import { eventStreamFormat } from "./event-stream-format.js";

/**
 * As every stream, but each event has an id [draft-dunglas-mercure-08 l.912]: a retained value moves the client's cursor
 * back, and the position behind it, in the same page, moves it on again.
 */
export const mercureFormat: Format = Object.freeze({
  ...eventStreamFormat,
  name: "mercure",
  retained: (entry: Entry) => eventStreamFormat.event(entry),
});
