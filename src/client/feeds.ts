import { pollPath, streamPath, webSocketPath } from "../protocol.js";
import type { Address } from "./transports/address.js";
import { openEventStream, sendRequest, type RequestSettings } from "./transports/event-stream-transport.js";
import type { ConnectionStart } from "./connection/connection-start.js";
import { StreamLoop } from "./connection/stream-loop.js";
import type { TransportName } from "./messages/item.js";
import { watchPage } from "./connection/page-lifecycle.js";
import { StreamOpener } from "./connection/stream-opener.js";
import type { Tokens } from "./connection/tokens.js";
import type { Transport, Transports } from "./transports/transport.js";
import { DesiredFilters } from "./connection/desired-filters.js";

// Loads the fallback transports on demand, because most pages use only event streams.
const fallbacks = () => import("./pharos-client-fallbacks.js");

/** The settings that stay the same as long as a connection exists. */
export interface ConnectionSettings {
  readonly transports: Transports;
  readonly tokens: Tokens;
}

/**
 * A direct connection of this page or worker to the hub. The connection starts after the current turn of the event
 * loop. The connection retries at once when the page is visible again or the network is available again.
 */
export function directFeed(
  settings: ConnectionSettings,
  { filters, lastEventId, events }: ConnectionStart,
): StreamLoop {
  const opener = new StreamOpener(settings);
  const feed = new StreamLoop({ opener, desired: new DesiredFilters(filters), lastEventId }, events);
  const unwatch = watchPage((options) => feed.retry(options));
  queueMicrotask(() => void feed.run().finally(unwatch));
  return feed;
}

/**
 * The transports of an address, in the order in which the library tries them. If the name is not `auto`, the list has
 * only the transport with this name.
 *
 * @throws TypeError if the address does not support the transport
 */
export function transportsFor(
  { urlOf, base }: Address,
  name: TransportName | "auto",
  settings: RequestSettings,
): Transports {
  const all: readonly Transport[] = [
    { name: "event-stream", open: (request) => openEventStream(urlOf(streamPath), request, settings) },
    {
      name: "websocket",
      open: async (request) => (await fallbacks()).openSocket(urlOf(webSocketPath), request),
    },
    {
      name: "poll",
      open: async (request) =>
        (await fallbacks()).openPolls(urlOf(pollPath), request, { send: sendRequest, settings }),
    },
  ];
  const supported = base === undefined ? all.slice(0, 1) : all;
  const [first, ...others] = supported.filter((transport) => name === "auto" || name === transport.name);
  if (first === undefined) throw new TypeError(`the transport ${name} needs the URL of a hub`);
  return [first, ...others];
}
