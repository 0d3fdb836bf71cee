import type { Arrival, ConnectionState } from "../messages/item.js";

/** Receives the events of a feed, in order. */
export interface FeedEvents {
  state(state: ConnectionState): void;
  /** The feed stops reading until the returned promise resolves. If undefined is returned, there is room for more. */
  arrival(arrival: Arrival): Promise<void> | undefined;
}

/** The last event that the program consumed, and the filters at that time. */
export interface ReadPosition {
  readonly lastEventId: string;
  readonly filters: readonly string[];
}

/** The source of a live connection's items: a hub, or a worker that reads from the hub for several pages. */
export interface Feed {
  /**
   * Resolves when the hub has changed the filters. Rejects if the hub refuses the new filters. The old filters then
   * stay.
   */
  follow(filters: readonly string[]): Promise<void>;
  /** The program has consumed all items up to this position. */
  consumed?(position: ReadPosition): void;
  /** Closes the feed immediately. A closed feed cannot be opened again. */
  close(): void;
}
