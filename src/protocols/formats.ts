import type { Format } from "../hub/publications/format.js";
import { eventStreamFormat } from "../gateway/formats/event-stream.js";
import { mercureFormat, olderMercureFormat } from "./mercure/formats.js";
import { eventStreamWithTopicsFormat } from "../gateway/formats/event-stream-with-topics.js";
import { websocketFormat } from "../gateway/formats/websocket.js";

/** Every format of streams by its name. */
export const formats: ReadonlyMap<string, Format> = new Map(
  [eventStreamFormat, eventStreamWithTopicsFormat, mercureFormat, olderMercureFormat, websocketFormat].map(
    (format) => [format.name, format],
  ),
);
