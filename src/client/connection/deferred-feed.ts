import type { Feed, FeedEvents } from "./feed.js";

/**
 * A feed whose code is still loading. After the load, this feed forwards all calls to the loaded feed. If the load
 * fails, the feed is closed.
 */
export function deferredFeed(loading: Promise<Feed>, events: FeedEvents): Feed {
  loading.catch((error: Error) => events.state({ kind: "closed", error }));
  const afterLoad = (call: (feed: Feed) => void): void => void loading.then(call, () => undefined);
  return {
    follow: async (filters) => (await loading).follow(filters),
    consumed: (position) => afterLoad((feed) => feed.consumed?.(position)),
    close: () => afterLoad((feed) => feed.close()),
  };
}
