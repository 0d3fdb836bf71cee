import type { Format } from "../hub/format.js";
import { eventStreamFormat } from "./event-stream-format.js";
import { mercureFormat, olderMercureFormat } from "./mercure-format.js";
import { topicEventStreamFormat } from "./topic-event-stream-format.js";
import { websocketFormat } from "./websocket-format.js";

/** Every format of streams by its name. */
export const formats: ReadonlyMap<string, Format> = new Map(
  [eventStreamFormat, topicEventStreamFormat, mercureFormat, olderMercureFormat, websocketFormat].map(
    (format) => [format.name, format],
  ),
);
