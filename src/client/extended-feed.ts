import type { Address } from "./transports/address.js";
import { Bookmark } from "./extras/bookmark.js";
import type { Feed, FeedEvents, ReadPosition } from "./connection/feed.js";
import type { ConnectionStart } from "./connection/connection-start.js";
import type { ConnectOptions } from "./options.js";
import { sharedFeed } from "./shared/open-shared.js";
import type { Tokens } from "./connection/tokens.js";
import { createUnsealer } from "./extras/unseal.js";

/** A request for a feed with at least one of the options `shared`, `storage` and `decryptKey`. */
export interface ExtendedFeedRequest {
  readonly address: Address;
  readonly options: ConnectOptions;
  readonly tokens: Tokens;
  readonly start: ConnectionStart;
}

/** Functions that the main bundle passes to this bundle, so that this bundle does not contain a second copy. */
export interface MainBundle {
  /** Makes a direct connection of this page to the hub. */
  makeDirectFeed(start: ConnectionStart): Feed;
  refusal(status: number, reason: string): Error;
}

/**
 * A feed with the options that few pages use. The code of this feed is a separate bundle, so that other pages need not
 * load the code.
 */
export function extendedFeed(request: ExtendedFeedRequest, main: MainBundle): Feed {
  const { options, address, start } = request;
  const { filters, lastEventId } = start;
  const events = withDecryptedData(start.events, options);
  const bookmark = bookmarkFor(address, options);
  const saved = options.lastEventId === undefined ? bookmark?.read() : undefined;
  // The feed opens with the filters that the saved position covers. It then adds the other filters, so that the hub
  // sends their retained values before their live events.
  const covered = saved === undefined ? filters : filters.filter((filter) => saved.filters.includes(filter));
  if (saved !== undefined) void events.arrival({ cursor: saved.lastEventId });
  const from = { filters: covered, lastEventId: saved?.lastEventId ?? lastEventId, events };
  const feed = sharedOrDirectFeed({ ...request, start: from }, main);
  if (covered.length < filters.length) feed.follow(filters).catch(() => undefined);
  return {
    follow: (filters) => feed.follow(filters),
    consumed: (position: ReadPosition) => bookmark?.save(position),
    close: () => feed.close(),
  };
}

/** A feed from the shared worker if `shared` is set and a worker can be started, else a direct connection. */
function sharedOrDirectFeed(
  { options, address, tokens, start }: ExtendedFeedRequest,
  main: MainBundle,
): Feed {
  const { shared = false, transport = "auto", headers = {}, credentials } = options;
  if (shared === false) return main.makeDirectFeed(start);
  const { href, base } = address;
  const settings = { url: href, transport, headers, credentials };
  const where = { ...(shared === true ? {} : shared), base };
  return sharedFeed({ ...where, settings, tokens, start, ...main }) ?? main.makeDirectFeed(start);
}

/**
 * Decrypts the data of each event. The order of the events stays the same, because the next arrival is read after the
 * data is decrypted.
 */
function withDecryptedData(events: FeedEvents, { decryptKey }: ConnectOptions): FeedEvents {
  if (decryptKey === undefined) return events;
  const unseal = createUnsealer(decryptKey);
  return {
    state: (state) => events.state(state),
    arrival: (arrival) => {
      const { item, cursor } = arrival;
      if (item?.kind !== "event") return events.arrival(arrival);
      return unseal(item).then((item) => events.arrival({ item, cursor }));
    },
  };
}

function bookmarkFor({ href }: Address, options: ConnectOptions): Bookmark | undefined {
  const { storage = false, storageKey = `pharos ${href}` } = options;
  if (storage === false) return undefined;
  return new Bookmark(storage === true ? sessionStorage : storage, storageKey);
}
