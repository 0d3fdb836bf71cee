import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import { chunked, encodeChunk } from "../formats/chunked.js";
import type { StreamStart } from "../http/messages.js";

/**
 * The same stream as a response in chunks. Many programs wait for the end of a response whose length they do not know,
 * for example Python's `requests`, but read a chunk at once.
 */
export function chunkedStart(start: StreamStart): StreamStart {
  const { subscription, ...joining } = LocalTicket.read(start.ticket);
  const coding = chunked(subscription.coding);
  return {
    ...start,
    isChunked: true,
    opening: encodeChunk(start.opening),
    ticket: new LocalTicket({ ...joining, subscription: { ...subscription, coding } }),
  };
}
