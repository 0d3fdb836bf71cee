import type { Arrival, ConnectionState } from "../messages/item.js";

/** What a feed tells whoever made it, in order. */
export interface FeedEvents {
  state(state: ConnectionState): void;
  /** What it returns is waited for before more is read; undefined when there is room for more. */
  arrival(arrival: Arrival): Promise<void> | undefined;
}

/** What a program has taken last, and of which filters. */
export interface Seen {
  readonly lastEventId: string;
  readonly filters: readonly string[];
}

/** Where a live connection has its items from: a hub, or a worker that has them from there for several pages. */
export interface Feed {
  /** Resolves when these filters are followed; rejects when the server refuses them, and those before stay. */
  follow(filters: readonly string[]): Promise<void>;
  /** The program has taken what came up to here, and follows these filters. */
  taken?(seen: Seen): void;
  /** Ends it, for good and at once. */
  close(): void;
}
