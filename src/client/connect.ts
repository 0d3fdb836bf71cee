import { defaultTopic } from "../protocol.js";
import { parseAddress, type Addresses } from "./address.js";
import { Bookmark } from "./bookmark.js";
import type { RequestSettings } from "./event-stream-transport.js";
import { deferredFeed } from "./deferred-feed.js";
import type { Feed, FeedEvents } from "./feed.js";
import { ownFeed } from "./feeds.js";
import type { LiveEvent } from "./item.js";
import { Live } from "./live.js";
import type { ConnectOptions } from "./options.js";
import { Tokens } from "./tokens.js";

/**
 * Connects to a hub and stays connected. `url` is the hub's (`https://example.org/`, or `/` on its own pages) or one of
 * its streams' (`…/esupdates?topic=news`). Requests begin after the present turn, so that listeners miss nothing.
 *
 * @throws TypeError for a malformed URL, or one that does not have the transport
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Live {
  const addresses = parseAddress(url);
  const filters = wantedFilters(addresses, options);
  const bookmark = bookmarkFor(addresses, options);
  const seen = options.lastEventId === undefined ? bookmark?.read() : undefined;
  const lastEventId = options.lastEventId ?? seen?.lastEventId ?? "";
  // What was not followed when the place was kept is added, so that its state comes first.
  const before = seen === undefined ? filters : filters.filter((filter) => seen.filters.includes(filter));
  const makeFeed = (events: FeedEvents): Feed => {
    const opened = withOpenedData(events, options);
    const feed = feedFor({ addresses, options, filters: before, lastEventId }, opened);
    if (before.length < filters.length) feed.follow(filters).catch(() => undefined);
    return feed;
  };
  const live = new Live({ filters, lastEventId, bookmark, makeFeed });
  const { signal } = options;
  if (signal?.aborted === true) live.close();
  signal?.addEventListener("abort", () => live.close(), { once: true });
  return live;
}

interface Beginning {
  readonly addresses: Addresses;
  readonly options: ConnectOptions;
  readonly filters: readonly string[];
  readonly lastEventId: string;
}

/** Through a worker, where that is wanted and there is one; else by itself. */
function feedFor({ addresses, options, filters, lastEventId }: Beginning, events: FeedEvents): Feed {
  const { transport = "auto" } = options;
  const settings = requestSettings(options);
  const tokens = new Tokens(options.token);
  const common = { url: addresses.href, transport, settings, tokens };
  const makeOwn = (filters: readonly string[], lastEventId: string, events: FeedEvents): Feed =>
    ownFeed({ ...common, filters, lastEventId }, events);
  if (options.shared === undefined || options.shared === false) return makeOwn(filters, lastEventId, events);
  const shared = options.shared === true ? {} : options.shared;
  const request = { ...common, ...shared, base: addresses.base, filters, lastEventId, makeOwn };
  const made = import("./pharos-client-shared.js").then(({ sharedFeed }) => sharedFeed(request, events));
  return deferredFeed(
    made.catch(() => undefined).then((feed) => feed ?? makeOwn(filters, lastEventId, events)),
  );
}

/** In order: nothing more is read while the data of one event is being opened. */
function withOpenedData(events: FeedEvents, { decryptKey }: ConnectOptions): FeedEvents {
  if (decryptKey === undefined) return events;
  const loaded = import("./pharos-client-sealed.js").then(({ unsealing }) => unsealing(decryptKey));
  const open = async (item: LiveEvent, cursor: string): Promise<void> => {
    const unseal = await loaded;
    return events.arrival({ item: await unseal(item), cursor });
  };
  return {
    state: (state) => events.state(state),
    arrival: ({ item, cursor }) =>
      item?.kind === "event"
        ? open(item, cursor)
        : events.arrival(item === undefined ? { cursor } : { item, cursor }),
  };
}

function wantedFilters({ filters: named }: Addresses, { filters }: ConnectOptions): readonly string[] {
  if (filters === undefined && named.length === 0) return [defaultTopic];
  return [...new Set([...named, ...(filters ?? [])])];
}

function bookmarkFor({ href }: Addresses, options: ConnectOptions): Bookmark | undefined {
  const { storage = false, storageKey = `pharos ${href}` } = options;
  if (storage === false) return undefined;
  return new Bookmark(storage === true ? sessionStorage : storage, storageKey);
}

function requestSettings(options: ConnectOptions): RequestSettings {
  const { headers = {}, credentials = "same-origin", fetch = globalThis.fetch } = options;
  return { headers, credentials, fetch: fetch.bind(globalThis) };
}
