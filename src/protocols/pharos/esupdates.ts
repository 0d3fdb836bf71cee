import type { Grants } from "../../auth/grants/grants.js";
import { streamPath } from "../../protocol.js";
import { encodeHeartbeatInterval } from "../../sse/encode.js";
import { eventStreamFormat } from "../../gateway/formats/event-stream.js";
import { parseQuery, valueOf } from "../../gateway/http/query.js";
import { readRights } from "../../gateway/access/read-rights.js";
import type { Resource } from "../../gateway/http/resource.js";
import type { StreamStart } from "../../gateway/http/messages.js";
import { addedOf, filtersOf } from "../../gateway/streams/stream-query.js";
import { firstPresent, startStream } from "../../gateway/streams/stream-start.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import { eventStreamWithTopicsFormat } from "./event-stream-with-topics.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";

export interface EventStreamResourceOptions {
  readonly streams: StreamSettings;
  readonly authenticator: Authenticator;
}

/**
 * Event streams at `/esupdates`. The query may have:
 * - `topic`, repeated: MQTT filters; `broadcast` if there is none
 * - `show=topics`: each event includes its topics, and the stream begins with the interval of its heartbeats
 * - `added`, repeated: the new filters of a resuming client, which then gets the retained values for these filters
 */
export function eventStreamResource({ streams, authenticator }: EventStreamResourceOptions): Resource {
  return {
    path: streamPath,
    opensStreams: true,
    methods: {
      GET: (request) => {
        const query = parseQuery(request.query);
        const filters = filtersOf(query, streams);
        const showsTopics = query.some(([name, value]) => name === "show" && value === "topics");
        const format = showsTopics ? eventStreamWithTopicsFormat : eventStreamFormat;
        const cursors = [request.header("last-event-id"), valueOf(query, "last_event_id")];
        const start = (grants: Grants | undefined): StreamStart =>
          startStream(streams, {
            subscription: { format, filters, rights: readRights(grants) },
            ...(showsTopics ? { firstBytes: encodeHeartbeatInterval(streams.heartbeatMs) } : {}),
            acceptEncoding: request.header("accept-encoding"),
            matchers: filters.map(({ kind, text }) => ({ type: kind, text })),
            grants,
            lastEventId: firstPresent(cursors),
            added: addedOf(query, filters),
          });
        const grants = authenticator.subscriber(request);
        return grants === undefined ? start(undefined) : grants.then(start);
      },
    },
  };
}
