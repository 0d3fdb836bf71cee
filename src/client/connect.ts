import { defaultTopic } from "../protocol.js";
import { parseHubAddress } from "./transports/address.js";
import { deferredFeed } from "./connection/deferred-feed.js";
import type { Feed, FeedEvents } from "./connection/feed.js";
import { ownFeed, transportsFor } from "./feeds.js";
import { LiveConnection } from "./connection/live-connection.js";
import type { ConnectOptions } from "./options.js";
import { StreamRefusedError } from "./messages/refusal.js";
import { Tokens } from "./connection/tokens.js";

/**
 * Connects to a hub and stays connected. `url` is the hub's (`https://example.org/`, or `/` on its own pages) or one of
 * its streams' (`…/esupdates?topic=news`). Requests begin after the present turn, so that listeners miss nothing.
 *
 * @throws TypeError for a malformed URL, or one that does not have the transport
 */
export function connect(url: string | URL, options: ConnectOptions = {}): LiveConnection {
  const address = parseHubAddress(url);
  const { lastEventId = "", transport = "auto", shared, storage, decryptKey, signal } = options;
  const named = [...address.filters, ...(options.filters ?? [])];
  const filters = options.filters === undefined && named.length === 0 ? [defaultTopic] : [...new Set(named)];
  const settings = {
    transports: transportsFor(address, transport, options),
    tokens: new Tokens(options.token),
  };
  const makeFeed = (events: FeedEvents): Feed => {
    const beginning = { filters, lastEventId, events };
    if (!shared && !storage && decryptKey === undefined) return ownFeed(settings, beginning);
    const wanted = { address, options, tokens: settings.tokens, beginning };
    const port = {
      makeOwn: (from: typeof beginning) => ownFeed(settings, from),
      refusal: (status: number, reason: string) => new StreamRefusedError(status, reason),
    };
    const made = import("./pharos-client-more.js").then(({ feedWithMore }) => feedWithMore(wanted, port));
    return deferredFeed(made, events);
  };
  const live = new LiveConnection({ filters, lastEventId, makeFeed });
  if (signal?.aborted) live.close();
  signal?.addEventListener("abort", () => live.close());
  return live;
}
