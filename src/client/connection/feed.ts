import type { Arrival, ConnectionState } from "../messages/item.js";

/** Receives the events of a feed, in order. */
export interface FeedEvents {
  state(state: ConnectionState): void;
  /** Receives one arrival. If the method returns a promise, the feed stops reading until the promise resolves. */
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
   * Resolves when the hub has changed the filters. If the hub refuses the new filters, the promise rejects and the old
   * filters stay.
   */
  follow(filters: readonly string[]): Promise<void>;
  /** Called when the program has consumed all items up to this position. */
  consumed?(position: ReadPosition): void;
  /** Closes the feed immediately. A closed feed cannot be opened again. */
  close(): void;
}
