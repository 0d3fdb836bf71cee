import type { Arrival, ConnectionState } from "./item.js";

/** What a feed tells whoever made it, in order. */
export interface FeedEvents {
  state(state: ConnectionState): void;
  /** What it returns is waited for before more is read; undefined when there is room for more. */
  arrival(arrival: Arrival): Promise<void> | undefined;
}

/** Where a live connection has its items from: a hub, or a worker that has them from there for several pages. */
export interface Feed {
  /** Resolves when these filters are followed; rejects when the server refuses them, and those before stay. */
  follow(filters: readonly string[]): Promise<void>;
  /** The page or the network is back: ends a wait; with `renewed` an open stream is replaced, too. */
  hurry(options: { readonly renewed: boolean }): void;
  /** Ends it, for good and at once. */
  close(): void;
}
