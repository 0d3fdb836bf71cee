import { PharosError } from "../errors.js";
import type { GatewayRequest } from "../gateway/messages.js";
import type { Handler, Resource } from "../gateway/resource.js";
import { statisticsOf } from "./channel-statistics.js";
import type { PushStreamOptions } from "./options.js";
import { channelsInQuery, publishMethods } from "./publish.js";
import { Statistics } from "./statistics.js";
import { subscribing } from "./subscribe.js";
import type { Mode } from "./subscriber.js";

/** The paths of subscribers, by what the module's own configuration calls them. */
const modes: Readonly<Record<string, Mode>> = Object.freeze({
  sub: "stream",
  ev: "eventsource",
  lp: "long-polling",
  jsonp: "jsonp",
});

/**
 * The URL scheme of the nginx push stream module, for its clients: channels are topics of the hub, with the same rights
 * and the same past. Below `/events/` the same once more, with the channels in the path throughout.
 */
export function pushStream(options: PushStreamOptions): readonly Resource[] {
  const { prefix } = options;
  const statistics = new Statistics(options);
  const subscriber = subscribing(options);
  const publishers = publishMethods(options, statistics);
  const counts = statisticsOf(options, statistics);
  const subscribers = Object.entries(modes).map(([name, mode]): Resource => {
    const path = `${prefix}/${name}`;
    return { path, below: true, methods: { GET: subscriber(mode, behind(path)) } };
  });
  return [
    { path: `${prefix}/pub`, methods: publishers(channelsInQuery) },
    { path: `${prefix}/channels-stats`, methods: { GET: counts(channelsInQuery) } },
    ...subscribers,
    events(options),
  ];
}

/** One resource, since a path has one and what is below it belongs to it. */
function events(options: PushStreamOptions): Resource {
  const path = `${options.prefix}/events`;
  const statistics = new Statistics(options);
  const subscriber = subscribing(options);
  const publish = publishMethods(options, statistics)(({ path: asked }) => behind(`${path}/pub`)(asked));
  const handlers = new Map<string, Handler>([
    ...Object.entries(modes).map(
      ([name, mode]) => [name, subscriber(mode, behind(`${path}/${name}`))] as const,
    ),
    ["stats", statisticsOf(options, statistics)((request) => behind(`${path}/stats`)(request.path))],
    ["pub", publish.GET ?? refuse],
  ]);
  const nameOf = (request: GatewayRequest): string => behind(path)(request.path).split("/", 1)[0] ?? "";
  const post = (handler: Handler | undefined): Handler => {
    return (request) => (nameOf(request) === "pub" ? (handler ?? refuse)(request) : refuse(request));
  };
  return {
    path,
    below: true,
    methods: {
      GET: (request) => (handlers.get(nameOf(request)) ?? refuse)(request),
      POST: post(publish.POST),
      PUT: post(publish.PUT),
    },
  };
}

/** What stands in a path behind its beginning, without the slash between. */
function behind(beginning: string): (path: string) => string {
  return (path) => path.slice(beginning.length + 1);
}

const refuse: Handler = ({ path }) => {
  throw new PharosError("not-found", `nothing is served at ${path} with this method`);
};
