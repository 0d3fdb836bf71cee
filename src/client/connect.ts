import { defaultTopic } from "../protocol.js";
import { checkOptions } from "./check-options.js";
import { filterList } from "./messages/filter-list.js";
import { parseHubAddress } from "./transports/address.js";
import { deferredFeed } from "./deferred-feed.js";
import type { Feed, FeedEvents } from "./connection/feed.js";
import { directFeed, type LoadFallbacks } from "./direct-feed.js";
import { streamRefused, transportsFor } from "./transports-for.js";
import { LiveConnection } from "./connection/live-connection.js";
import type { ConnectOptions } from "./options.js";
import { Tokens } from "./connection/tokens.js";

const loadFallbacks: LoadFallbacks = () => import("./pharos-client-fallbacks.js");

/**
 * Connects to a hub, and reconnects after every failure. `url` is the URL of the hub (`https://example.org/`, or `/` on
 * its own pages) or of one of its streams (`…/esupdates?topic=news`). The first request is sent after the current turn
 * of the event loop, so that listeners added in this turn receive every event.
 *
 * @throws TypeError if the URL or an option is not allowed
 */
export function connect(url: string | URL, options: ConnectOptions = {}): LiveConnection {
  checkOptions(options);
  const address = parseHubAddress(url);
  const { lastEventId = "", transport = "auto", shared, storage, decryptKey, signal } = options;
  const named = [...address.filters, ...filterList(options.filters ?? [])];
  const filters = options.filters === undefined && named.length === 0 ? [defaultTopic] : [...new Set(named)];
  const settings = {
    transports: transportsFor(address, { name: transport, settings: options, loadFallbacks }),
    tokens: new Tokens(options.token),
    loadFallbacks,
  };
  const makeFeed = (events: FeedEvents): Feed => {
    const start = { filters, lastEventId, events };
    if (!shared && !storage && decryptKey === undefined) return directFeed(settings, start);
    const request = { address, options, tokens: settings.tokens, start };
    const main = {
      makeDirectFeed: (from: typeof start) => directFeed(settings, from),
      refusal: streamRefused,
    };
    const loading = import("./pharos-client-more.js").then(({ extendedFeed }) => extendedFeed(request, main));
    return deferredFeed(loading, events);
  };
  const connection = new LiveConnection({ filters, lastEventId, makeFeed });
  if (signal?.aborted) connection.close();
  signal?.addEventListener("abort", () => connection.close());
  return connection;
}
