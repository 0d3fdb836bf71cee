import type { FeedEvents } from "./feed.js";

/** Where a connection begins, and whom it tells. */
export interface ConnectionStart {
  readonly filters: readonly string[];
  readonly lastEventId: string;
  readonly events: FeedEvents;
}
