import type { GatewayRequest } from "../../gateway/http/messages.js";
import { parseQuery, valueOf } from "../../gateway/http/query.js";
import type { Resource } from "../../gateway/http/resource.js";
import { webSocketPath } from "../../protocol.js";
import { statisticsOf } from "./channel-statistics.js";
import type { PushStreamOptions } from "./options.js";
import { renderChannelError } from "./channels/channel-error.js";
import { channelsBelow, channelsInQuery, publishMethods } from "./publish.js";
import { Statistics } from "./statistics.js";
import { subscribing } from "./subscribe.js";
import { isStreamMode } from "./channels/subscriber.js";
import type { Mode } from "./channels/subscriber.js";

/** The paths for subscribers, and their modes, as in the module's own configuration. */
const modes: Readonly<Record<string, Mode>> = Object.freeze({
  sub: "stream",
  ev: "eventsource",
  lp: "long-polling",
  jsonp: "jsonp",
  ws: "websocket",
});

/**
 * The URL scheme of the nginx push stream module. Channels are topics of the hub, with the same rights and the same
 * history. All paths also exist below `/events/`, where the channels are always in the path.
 *
 * These resources must be in front of the resources of other protocols. Without a prefix, `/ws` serves only requests
 * that name channels, and leaves other requests to the hub's own protocol.
 */
export function pushStream(options: PushStreamOptions): readonly Resource[] {
  const { prefix } = options;
  const events = `${prefix}/events`;
  const statistics = new Statistics(options);
  const publishers = publishMethods(options, statistics);
  const counts = statisticsOf(options, statistics);
  const subscriber = subscribing(options);
  const subscribers = (base: string): readonly Resource[] =>
    Object.entries(modes).map(([name, mode]) => {
      const path = `${base}/${name}`;
      return {
        path,
        below: true,
        opensStreams: isStreamMode(mode),
        claims: path === webSocketPath ? namesChannels : undefined,
        methods: { GET: subscriber(mode, channelsBelow(path)) },
      };
    });
  const resources: readonly Resource[] = [
    { path: `${prefix}/pub`, methods: publishers(channelsInQuery) },
    { path: `${prefix}/channels-stats`, methods: { GET: counts(channelsInQuery) } },
    ...subscribers(prefix),
    { path: `${events}/pub`, below: true, methods: publishers(channelsBelow(`${events}/pub`)) },
    { path: `${events}/stats`, below: true, methods: { GET: counts(channelsBelow(`${events}/stats`)) } },
    ...subscribers(events),
  ];
  return resources.map((resource) => Object.assign(resource, { renderRefusal: renderChannelError }));
}

/** True if the channels are in the path or in the query. */
function namesChannels({ path, query }: GatewayRequest): boolean {
  return path !== webSocketPath || valueOf(parseQuery(query), "channels") !== undefined;
}
