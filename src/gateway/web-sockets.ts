import type { Grants } from "../auth/grants.js";
import type { TopicFilter } from "../hub/filter.js";
import { webSocketPath } from "../protocol.js";
import { jsonWords } from "./json-format.js";
import type { StreamStart } from "./messages.js";
import type { PageOrigins } from "./page-origins.js";
import { parseQuery, valueOf } from "./query.js";
import { readRights } from "./read-rights.js";
import type { Resource } from "./resource.js";
import { seenSubscriber } from "./seen-subscriber.js";
import { filtersOf } from "./stream-filters.js";
import { firstPresent } from "./stream-start.js";
import type { StreamSettings } from "./stream-start.js";
import type { Visitors } from "./visitors.js";
import { acceptHandshake } from "./web-socket-handshake.js";
import { websocketFormat } from "./websocket-format.js";
import { frameText } from "./websocket-frame.js";

export interface WebSocketsOptions {
  readonly streams: StreamSettings;
  readonly visitors: Visitors;
  readonly origins: PageOrigins;
}

/** The streams of `/esupdates` over WebSocket, with the same query: each event is one text frame with one JSON object. */
export function webSockets(options: WebSocketsOptions): Resource {
  return {
    path: webSocketPath,
    opensStreams: true,
    methods: {
      GET: (request) => {
        const headers = acceptHandshake(request);
        options.origins.check(request);
        const query = parseQuery(request.query);
        const filters = filtersOf(query, options.streams);
        const lastEventId = firstPresent([request.header("last-event-id"), valueOf(query, "last_event_id")]);
        const start = (grants: Grants | undefined): StreamStart =>
          startWebSocket(options, { headers, filters, lastEventId, grants });
        const grants = options.visitors.subscriber(request, query);
        return grants === undefined ? start(undefined) : grants.then(start);
      },
    },
  };
}

interface Handshake extends Pick<StreamStart, "headers" | "lastEventId"> {
  readonly filters: readonly TopicFilter[];
  readonly grants: Grants | undefined;
}

function startWebSocket(
  { streams: { retryMs, presence } }: WebSocketsOptions,
  { headers, filters, lastEventId, grants }: Handshake,
): StreamStart {
  const matchers = filters.map(({ kind, text }) => ({ type: kind, text }));
  return {
    kind: "stream",
    protocol: "websocket",
    headers,
    opening: frameText(jsonWords.open({ filters: filters.map(({ text }) => text), retryMs })),
    subscription: { format: websocketFormat, filters, rights: readRights(grants) },
    lastEventId,
    expiresAtMs: grants?.expiresAtMs,
    ...(presence === undefined ? {} : { opened: () => presence.enter(seenSubscriber(matchers, grants)) }),
  };
}
