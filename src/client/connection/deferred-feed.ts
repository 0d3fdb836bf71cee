import type { Feed, FeedEvents } from "./feed.js";

/** A feed whose code is being loaded: what it is told meanwhile it is told then. Without its code it is closed. */
export function deferredFeed(made: Promise<Feed>, events: FeedEvents): Feed {
  made.catch((error: Error) => events.state({ kind: "closed", error }));
  const later = (then: (feed: Feed) => void): void => void made.then(then, () => undefined);
  return {
    follow: async (filters) => (await made).follow(filters),
    taken: (seen) => later((feed) => feed.taken?.(seen)),
    close: () => later((feed) => feed.close()),
  };
}
