import type { Feed } from "./feed.js";

/** A feed whose code is being loaded: what it is told meanwhile it is told then. */
export function deferredFeed(made: Promise<Feed>): Feed {
  return {
    follow: async (filters) => (await made).follow(filters),
    hurry: (options) => void made.then((feed) => feed.hurry(options)),
    close: () => void made.then((feed) => feed.close()),
  };
}
