import { pollPath, streamPath, webSocketPath } from "../protocol.js";
import type { Address } from "./transports/address.js";
import {
  afterFirstBytes,
  openEventStream,
  sendRequest,
  type RequestSettings,
  type Sender,
  type SendRequest,
} from "./transports/event-stream-transport.js";
import type { ConnectionStart } from "./connection/connection-start.js";
import { StreamLoop } from "./connection/stream-loop.js";
import type { TransportName } from "./messages/item.js";
import { watchPage } from "./connection/page-lifecycle.js";
import { StreamOpener } from "./connection/stream-opener.js";
import type { Tokens } from "./connection/tokens.js";
import { StreamRefusedError } from "./messages/refusal.js";
import type { Transport, Transports } from "./transports/transport.js";
import { DesiredFilters } from "./connection/desired-filters.js";
import type * as Fallbacks from "./pharos-client-fallbacks.js";

/** Loads the transports other than event streams, because most pages use only event streams. */
export type LoadFallbacks = () => Promise<typeof Fallbacks>;

/** The heartbeat interval until a stream of a hub announces its own, in milliseconds: the hub's default. */
const heartbeatMs = 15_000;

/** The settings that stay the same as long as a connection exists. */
export interface ConnectionSettings {
  readonly transports: Transports;
  readonly tokens: Tokens;
  readonly loadFallbacks: LoadFallbacks;
}

/**
 * A direct connection of this page or worker to the hub. The connection starts after the current turn of the event
 * loop. The connection retries at once when the page is visible again or the network is available again.
 */
export function directFeed(
  { transports, tokens, loadFallbacks }: ConnectionSettings,
  { filters, lastEventId, events }: ConnectionStart,
): StreamLoop {
  const opener = new StreamOpener({
    transports,
    tokens,
    loadFallbacks,
    onBetter: () => feed.reopen(),
  });
  const feed = new StreamLoop({ opener, desired: new DesiredFilters(filters), lastEventId }, events);
  const unwatch = watchPage((options) => feed.retry(options));
  queueMicrotask(() => void feed.run().finally(unwatch));
  return feed;
}

/** Makes the error of a permanent refusal, for the bundles that are loaded later. */
export const streamRefused = (status: number, reason: string): StreamRefusedError =>
  new StreamRefusedError(status, reason);

export interface TransportOptions {
  /** With a name other than `auto`, the connection has only this transport. */
  readonly name: TransportName | "auto";
  readonly settings: RequestSettings;
  readonly loadFallbacks: LoadFallbacks;
}

/**
 * The transports of an address, the best first.
 *
 * @throws TypeError if the address does not support the transport
 */
export function transportsFor(
  { urlOf, base }: Address,
  { name, settings, loadFallbacks }: TransportOptions,
): Transports {
  const sender: Sender = {
    settings,
    responseError: async (response) => (await loadFallbacks()).responseError(response, streamRefused),
  };
  const openStream: Transport["open"] = (request) => openEventStream(urlOf(streamPath), request, sender);
  const send: SendRequest = (url, parts) => sendRequest(url, parts, sender);
  const other = (name: "websocket" | "poll", path: string): Transport => ({
    name,
    heartbeatMs,
    open: async (request) => (await loadFallbacks()).openers[name](urlOf(path), request, send),
  });
  const all: readonly Transport[] = [
    {
      name: "event-stream",
      heartbeatMs,
      open: async (request) => afterFirstBytes(await openStream(request)),
    },
    other("websocket", webSocketPath),
    other("poll", pollPath),
  ];
  // A server at a custom URL may send nothing before its first event.
  const possible = base === undefined ? [{ name: "event-stream", open: openStream } as const] : all;
  const [first, ...others] = possible.filter((transport) => name === "auto" || name === transport.name);
  if (first !== undefined) return [first, ...others];
  const allowed = ["auto", ...possible.map((transport) => transport.name)].join(", ");
  throw new TypeError(`the transport must be one of ${allowed} at this URL, not ${name}`);
}
