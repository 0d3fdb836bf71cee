import { parseAddress } from "./address.js";
import { eventStreamTransport, type RequestSettings } from "./event-stream-transport.js";
import type { FeedEvents } from "./feed.js";
import { HubFeed } from "./hub-feed.js";
import type { TransportName } from "./item.js";
import { watchPage } from "./page.js";
import { StreamOpener } from "./stream-opener.js";
import type { Tokens } from "./tokens.js";
import { reasonText, StreamFailure, type Transport } from "./transport.js";
import { Wishes } from "./wishes.js";

export interface OwnFeedOptions {
  readonly url: string | URL;
  readonly transport: TransportName | "auto";
  readonly settings: RequestSettings;
  readonly tokens: Tokens;
  readonly filters: readonly string[];
  readonly lastEventId: string;
}

/** A connection of this page's, or worker's, own: begun after this turn, and told when the page is back. */
export function ownFeed(options: OwnFeedOptions, events: FeedEvents): HubFeed {
  const opener = new StreamOpener({ transports: transportsFor(options), tokens: options.tokens });
  const wishes = new Wishes(options.filters);
  const feed = new HubFeed({ opener, wishes, lastEventId: options.lastEventId }, events);
  const unwatch = watchPage((back) => feed.hurry(back));
  queueMicrotask(() => void feed.run().finally(unwatch));
  return feed;
}

/** @throws TypeError for a transport that the address does not have */
function transportsFor({ url, transport, settings }: OwnFeedOptions): readonly Transport[] {
  const { stream, socket, poll } = parseAddress(url);
  const all = [
    eventStreamTransport(stream, settings),
    ...(socket === undefined
      ? []
      : [
          lateTransport("websocket", async () =>
            (await import("./pharos-client-fallbacks.js")).socketTransport(socket),
          ),
        ]),
    ...(poll === undefined
      ? []
      : [
          lateTransport("poll", async () =>
            (await import("./pharos-client-fallbacks.js")).pollTransport(poll, settings),
          ),
        ]),
  ];
  const chosen = all.filter(({ name }) => transport === "auto" || transport === name);
  if (chosen.length === 0) throw new TypeError(`only a hub's own URL has the transport ${transport}`);
  return chosen;
}

/** Few pages need it, so its code is loaded by those alone. */
function lateTransport(name: TransportName, load: () => Promise<Transport>): Transport {
  const loaded = (): Promise<Transport> =>
    load().catch((error: unknown) => {
      throw new StreamFailure(reasonText(error));
    });
  return { name, open: async (request) => (await loaded()).open(request) };
}
