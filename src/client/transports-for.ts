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
import type { TransportName } from "./messages/item.js";
import type { LoadFallbacks } from "./direct-feed.js";
import { StreamRefusedError } from "./messages/refusal.js";
import type { Transport, Transports } from "./transports/transport.js";

/** The heartbeat interval until a stream of a hub announces its own, in milliseconds: the hub's default. */
const heartbeatMs = 15_000;

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
