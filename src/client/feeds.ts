import { pollPath, streamPath, webSocketPath } from "../protocol.js";
import type { Address } from "./transports/address.js";
import { ask, openEventStream, type RequestSettings } from "./transports/event-stream-transport.js";
import type { ConnectionStart } from "./connection/beginning.js";
import { StreamLoop } from "./connection/stream-loop.js";
import type { TransportName } from "./messages/item.js";
import { watchPage } from "./connection/page-lifecycle.js";
import { StreamOpener } from "./connection/stream-opener.js";
import type { Tokens } from "./connection/tokens.js";
import type { Transport, Transports } from "./transports/transport.js";
import { DesiredFilters } from "./connection/desired-filters.js";

// Few pages need them.
const fallbacks = () => import("./pharos-client-fallbacks.js");

/** What stays the same of a connection, whatever it follows. */
export interface ConnectionSettings {
  readonly transports: Transports;
  readonly tokens: Tokens;
}

/** A connection of this page's, or worker's, own: begun after this turn, and told when the page is back. */
export function ownFeed(
  settings: ConnectionSettings,
  { filters, lastEventId, events }: ConnectionStart,
): StreamLoop {
  const opener = new StreamOpener(settings);
  const feed = new StreamLoop({ opener, wishes: new DesiredFilters(filters), lastEventId }, events);
  const unwatch = watchPage((back) => feed.hurry(back));
  queueMicrotask(() => void feed.run().finally(unwatch));
  return feed;
}

/**
 * The transports that are asked for, in the order in which they are tried.
 *
 * @throws TypeError for one that the address does not have
 */
export function transportsFor(
  { at, base }: Address,
  name: TransportName | "auto",
  settings: RequestSettings,
): Transports {
  const all: readonly Transport[] = [
    { name: "event-stream", open: (request) => openEventStream(at(streamPath), request, settings) },
    {
      name: "websocket",
      open: async (request) => (await fallbacks()).openSocket(at(webSocketPath), request),
    },
    {
      name: "poll",
      open: async (request) => (await fallbacks()).openPolls(at(pollPath), request, { ask, settings }),
    },
  ];
  const there = base === undefined ? all.slice(0, 1) : all;
  const [first, ...others] = there.filter((transport) => name === "auto" || name === transport.name);
  if (first === undefined) throw new TypeError(`only a hub's own URL has ${name}`);
  return [first, ...others];
}
