import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import type { GapNotice } from "../../protocol.js";
import { jsonWords } from "./json.js";
import { emptyPing, frameText } from "../websocket/frame.js";

/**
 * The hub's words as whole WebSocket frames, each with one JSON object. What a server sends is not masked
 * [RFC 6455 5.1], so that rounds and pages are the same bytes for everybody, as those of event streams are.
 */
export const websocketFormat: Format = Object.freeze({
  name: "websocket",
  event: (entry: Entry) => frameText(jsonWords.event(entry)),
  retained: (entry: Entry) => frameText(jsonWords.retained(entry)),
  position: (id: string) => frameText(jsonWords.position(id)),
  // The ping's answer shows a client that is still there, and keeps proxies on both ways awake.
  heartbeat: (id: string) => Buffer.concat([frameText(jsonWords.position(id)), emptyPing]),
  gap: (notice: GapNotice, id: string) => frameText(jsonWords.gap(notice, id)),
});
