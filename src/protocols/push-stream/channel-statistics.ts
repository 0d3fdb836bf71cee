import type { GatewayRequest, Reply } from "../../gateway/http/messages.js";
import { parseQuery } from "../../gateway/http/query.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import type { Handler } from "../../gateway/http/resource.js";
import { decodeName, parseChannels } from "./channels/channels.js";
import { channelLimits } from "./options.js";
import type { PushStreamOptions } from "./options.js";
import { channelInfo } from "./publish.js";
import type { ChannelsOf } from "./publish.js";
import { statisticsReply } from "./render.js";
import type { Statistics } from "./statistics.js";

/**
 * Statistics of channels, for clients that may publish to these channels. The request names channels, `ALL`, or a
 * prefix (`news*`). A request without a name gets a summary.
 */
export function statisticsOf(
  options: PushStreamOptions,
  statistics: Statistics,
): (channelsOf: ChannelsOf) => Handler {
  const get = async (request: GatewayRequest, query: NameValuePairs, names: string): Promise<Reply> => {
    const publisher = await options.publishing.publisher(request, query);
    const prefix = prefixOf(names);
    if (prefix === undefined) {
      const channels = parseChannels(names, channelLimits(options)).map(({ channel }) => channel);
      return channelInfo({ options, statistics, request, publisher }, channels);
    }
    const infos = await statistics.withPrefix(prefix, publisher);
    const document = names === "" ? statistics.summary(infos) : statistics.list(infos);
    return statisticsReply(document, { accept: request.header("accept"), budget: statistics.budget });
  };
  return (channelsOf) => (request) => {
    const query = parseQuery(request.query);
    return get(request, query, channelsOf(request, query));
  };
}

/**
 * The prefix of the requested channels; undefined if the text names channels only. As in the module, the first part
 * with `*`, or the name `ALL`, decides for the whole list.
 */
function prefixOf(text: string): string | undefined {
  if (text === "") return "";
  const part = text
    .split("/")
    .map(decodeName)
    .find((each) => each === "ALL" || each.includes("*"));
  return part === "ALL" ? "" : part?.slice(0, part.indexOf("*"));
}
