import type { Address } from "./transports/address.js";
import { Bookmark } from "./extras/bookmark.js";
import type { Feed, FeedEvents, Seen } from "./connection/feed.js";
import type { ConnectionStart } from "./connection/beginning.js";
import type { ConnectOptions } from "./options.js";
import { sharedFeed } from "./shared/open-shared.js";
import type { Tokens } from "./connection/tokens.js";
import { unsealing } from "./extras/unseal.js";

/** A connection that is shared, keeps its place, or opens sealed data. */
export interface WantedFeed {
  readonly address: Address;
  readonly options: ConnectOptions;
  readonly tokens: Tokens;
  readonly beginning: ConnectionStart;
}

/** What belongs to the file that all pages load. */
export interface MainPort {
  /** A connection of this page's own. */
  makeOwn(from: ConnectionStart): Feed;
  refusal(status: number, reason: string): Error;
}

/** A feed with what few pages want, so that the others need not load its code. */
export function feedWithMore(wanted: WantedFeed, main: MainPort): Feed {
  const { options, address, beginning } = wanted;
  const { filters, lastEventId } = beginning;
  const events = withOpenedData(beginning.events, options);
  const bookmark = bookmarkFor(address, options);
  const seen = options.lastEventId === undefined ? bookmark?.read() : undefined;
  // What was not followed when the place was kept is added, so that its state comes first.
  const before = seen === undefined ? filters : filters.filter((filter) => seen.filters.includes(filter));
  if (seen !== undefined) void events.arrival({ cursor: seen.lastEventId });
  const from = { filters: before, lastEventId: seen?.lastEventId ?? lastEventId, events };
  const feed = sharedOrOwn({ ...wanted, beginning: from }, main);
  if (before.length < filters.length) feed.follow(filters).catch(() => undefined);
  return {
    follow: (filters) => feed.follow(filters),
    taken: (seen: Seen) => bookmark?.keep(seen),
    close: () => feed.close(),
  };
}

/** Through a worker, where that is wanted and there is one; else by itself. */
function sharedOrOwn({ options, address, tokens, beginning }: WantedFeed, main: MainPort): Feed {
  const { shared = false, transport = "auto", headers = {}, credentials = "same-origin" } = options;
  if (shared === false) return main.makeOwn(beginning);
  const { href, base } = address;
  const settings = { url: href, transport, headers, credentials };
  const where = { ...(shared === true ? {} : shared), base };
  return sharedFeed({ ...where, settings, tokens, beginning, ...main }) ?? main.makeOwn(beginning);
}

/** In order: nothing more is read while the data of one event is being opened. */
function withOpenedData(events: FeedEvents, { decryptKey }: ConnectOptions): FeedEvents {
  if (decryptKey === undefined) return events;
  const unseal = unsealing(decryptKey);
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
