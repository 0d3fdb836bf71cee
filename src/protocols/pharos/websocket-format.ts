import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import type { GapNotice } from "../../protocol.js";
import { jsonEncoder } from "../../gateway/formats/json.js";
import { emptyPing, frameText } from "../../gateway/websocket/frame.js";

/**
 * Writes publications as WebSocket frames, each with one JSON object. A server's frames are not masked [RFC 6455
 * 5.1], so all clients get the same bytes, as with event streams.
 */
export const websocketFormat: Format = Object.freeze({
  name: "websocket",
  event: (entry: Entry) => frameText(jsonEncoder.event(entry)),
  retained: (entry: Entry) => frameText(jsonEncoder.retained(entry)),
  position: (id: string) => frameText(jsonEncoder.position(id)),
  // The client answers the ping. Ping and answer keep the connection open in proxies, and a missing answer shows that
  // the client is gone.
  heartbeat: (id: string) => Buffer.concat([frameText(jsonEncoder.position(id)), emptyPing]),
  gap: (notice: GapNotice, id: string) => frameText(jsonEncoder.gap(notice, id)),
});
