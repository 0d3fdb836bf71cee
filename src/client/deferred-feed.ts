import type { Feed, FeedEvents } from "./connection/feed.js";

/**
 * A feed whose code is still loading. After the code has loaded, this feed forwards all calls to the loaded feed. If
 * the code cannot be loaded, the feed is closed.
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
