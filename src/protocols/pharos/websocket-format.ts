import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import type { GapNotice } from "../../protocol.js";
import { jsonEncoder } from "../../gateway/formats/json.js";
import { emptyPing, frameText } from "../../gateway/websocket/frame.js";

/**
 * The hub's words as whole WebSocket frames, each with one JSON object. What a server sends is not masked
 * [RFC 6455 5.1], so that rounds and pages are the same bytes for everybody, as those of event streams are.
 */
export const websocketFormat: Format = Object.freeze({
  name: "websocket",
  event: (entry: Entry) => frameText(jsonEncoder.event(entry)),
  retained: (entry: Entry) => frameText(jsonEncoder.retained(entry)),
  position: (id: string) => frameText(jsonEncoder.position(id)),
  // The ping's answer shows a client that is still there, and keeps proxies on both ways awake.
  heartbeat: (id: string) => Buffer.concat([frameText(jsonEncoder.position(id)), emptyPing]),
  gap: (notice: GapNotice, id: string) => frameText(jsonEncoder.gap(notice, id)),
});
