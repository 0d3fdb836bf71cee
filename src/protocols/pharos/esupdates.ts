import type { Grants } from "../../auth/grants/grants.js";
import { streamPath } from "../../protocol.js";
import { encodeHeartbeatInterval } from "../../sse/encode.js";
import { eventStreamFormat, eventsOnlyFormat } from "../../gateway/formats/event-stream.js";
import { parseQuery } from "../../gateway/http/query.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { readRights } from "../../gateway/access/read-rights.js";
import type { Resource } from "../../gateway/http/resource.js";
import type { GatewayRequest, StreamStart } from "../../gateway/http/messages.js";
import type { Format } from "../../hub/publications/format.js";
import type { History } from "../../hub/publications/history.js";
import { cursorOf, presentCursor } from "../../gateway/streams/cursor.js";
import { wantsPositions } from "../../gateway/streams/positions.js";
import { addedOf, filtersOf } from "../../gateway/streams/stream-query.js";
import { startStream } from "../../gateway/streams/stream-start.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import { eventStreamWithTopicsFormat } from "./event-stream-with-topics.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";

export interface EventStreamResourceOptions {
  readonly streams: StreamSettings;
  readonly authenticator: Authenticator;
  readonly history: Pick<History, "head" | "idAt">;
}

/**
 * Event streams at `/esupdates`. The query may have:
 * - `topic`, repeated: MQTT filters; `broadcast` if there is none
 * - `show=topics`: each event includes its topics, and the stream begins with the interval of its heartbeats
 * - `show=positions`: the stream has positions; see {@link wantsPositions}
 * - `added`, repeated: the new filters of a resuming client, which then gets the retained values for these filters
 */
export function eventStreamResource({
  streams,
  authenticator,
  history,
}: EventStreamResourceOptions): Resource {
  return {
    path: streamPath,
    opensStreams: true,
    methods: {
      GET: (request) => {
        const query = parseQuery(request.query);
        const filters = filtersOf(query, streams);
        const format = formatFor(request, query);
        const lastEventId = presentCursor(cursorOf(request));
        const showsTopics = format === eventStreamWithTopicsFormat;
        const start = (grants: Grants | undefined): StreamStart =>
          startStream(streams, {
            subscription: { format, filters, rights: readRights(grants) },
            ...(showsTopics ? { firstBytes: encodeHeartbeatInterval(streams.heartbeatMs) } : {}),
            acceptEncoding: request.header("accept-encoding"),
            accept: request.header("accept"),
            matchers: filters.map(({ kind, text }) => ({ type: kind, text })),
            grants,
            lastEventId,
            headers: lastEventId === undefined ? [["Last-Event-ID", history.idAt(history.head)]] : [],
            added: addedOf(query, filters),
          });
        const grants = authenticator.subscriber(request, query);
        return grants === undefined ? start(undefined) : grants.then(start);
      },
    },
  };
}

function formatFor(request: GatewayRequest, query: NameValuePairs): Format {
  if (query.some(([name, value]) => name === "show" && value === "topics"))
    return eventStreamWithTopicsFormat;
  return wantsPositions(request, query) ? eventStreamFormat : eventsOnlyFormat;
}
