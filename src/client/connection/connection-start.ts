import type { FeedEvents } from "./feed.js";

/** The initial state of a connection: its filters, its position, and the receiver of its events. */
export interface ConnectionStart {
  readonly filters: readonly string[];
  readonly lastEventId: string;
  readonly events: FeedEvents;
}
