import type { Grants } from "../../auth/grants/grants.js";
import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { Joining } from "../../hub/cohort.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { webSocketPath, webSocketProtocol } from "../../protocol.js";
import { jsonEncoder } from "../../gateway/formats/json.js";
import type { GatewayRequest, StreamStart } from "../../gateway/http/messages.js";
import type { WebSocketOrigins } from "../../gateway/access/websocket-origins.js";
import { parseQuery } from "../../gateway/http/query.js";
import { readRights } from "../../gateway/access/read-rights.js";
import type { Resource } from "../../gateway/http/resource.js";
import { addedOf, filtersOf } from "../../gateway/streams/stream-query.js";
import { cursorOf, presentCursor } from "../../gateway/streams/cursor.js";
import { WebSocketSession } from "./websocket-session.js";
import type { WebSocketSessionSettings } from "./websocket-session.js";
import { acceptHandshake, withProtocolToken } from "../../gateway/websocket/handshake.js";
import { websocketFormat } from "./websocket-format.js";
import { frameText } from "../../gateway/websocket/frame.js";

export interface WebSocketResourceOptions extends WebSocketSessionSettings {
  readonly origins: WebSocketOrigins;
}

/**
 * Serves the streams of `/esupdates` over WebSocket, with the same query. Each event is one text message with a JSON
 * object.
 */
export function webSocketResource(options: WebSocketResourceOptions): Resource {
  return {
    path: webSocketPath,
    opensStreams: true,
    methods: {
      GET: (handshake) => {
        const headers = acceptHandshake(handshake, [webSocketProtocol]);
        const request = withProtocolToken(options.origins.admit(handshake));
        const query = parseQuery(request.query);
        const filters = filtersOf(query, options.streams);
        const lastEventId = presentCursor(cursorOf(handshake));
        const added = addedOf(query, filters);
        const start = (grants: Grants | undefined): StreamStart =>
          startWebSocket(options, { request, headers, filters, lastEventId, added, grants });
        const grants = options.authenticator.subscriber(request, query);
        return grants === undefined ? start(undefined) : grants.then(start);
      },
    },
  };
}

interface Handshake extends Pick<StreamStart, "headers">, Pick<Joining, "lastEventId" | "added"> {
  readonly request: GatewayRequest;
  readonly filters: readonly TopicFilter[];
  readonly grants: Grants | undefined;
}

function startWebSocket(
  settings: WebSocketResourceOptions,
  { request, headers, filters, lastEventId, added, grants }: Handshake,
): StreamStart {
  const { retryMs, heartbeatMs } = settings.streams;
  const dialogue = new WebSocketSession({ settings, request, filters, grants });
  return {
    kind: "stream",
    headers,
    opening: frameText(
      jsonEncoder.open({ filters: filters.map(({ text }) => text), retryMs: retryMs(), heartbeatMs }),
    ),
    ticket: new LocalTicket({
      subscription: { format: websocketFormat, filters, rights: readRights(grants) },
      lastEventId,
      added,
    }),
    expiresAtMs: grants?.expiresAtMs,
    grants: () => dialogue.grants,
    dialogue,
    countsFilters: true,
    opened: () => dialogue.open(),
  };
}
