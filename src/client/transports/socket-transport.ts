import { webSocketProtocol, webSocketTokenPrefix } from "../../protocol.js";
import { askedUrl } from "./address.js";
import { FrameQueue } from "./frame-queue.js";
import type { OpenStream, TransportRequest } from "./transport.js";

/**
 * Opens a WebSocket: for networks that hold event streams back. Resolves with the hub's first word, so that what only
 * pretends to open is not taken for a stream. The browser does not tell why one could not be opened.
 *
 * @param address with `http` or `https`
 */
export function openSocket(address: string, request: TransportRequest): Promise<OpenStream> {
  if (typeof WebSocket === "undefined") return Promise.reject(new Error("there is no WebSocket here"));
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(urlOf(address, request), protocolsOf(request));
    const { lastEventId, signal } = request;
    const queue = new FrameQueue({ lastEventId, onFull: () => socket.close() });
    socket.addEventListener("message", ({ data }) => {
      queue.push(String(data));
      resolve({ next: () => queue.next() });
    });
    socket.addEventListener("close", ({ code }) => {
      queue.end(`the socket was closed with code ${code}`);
      reject(new Error(`no WebSocket could be opened (code ${code})`));
    });
    const close = (): void => {
      socket.close();
      reject(new Error("no WebSocket was opened in time"));
    };
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
  });
}

function urlOf(address: string, request: TransportRequest): string {
  const { lastEventId } = request;
  const place = lastEventId === "" ? {} : { last_event_id: lastEventId };
  return askedUrl(address.replace(/^http/, "ws"), request, place);
}

/** A page can give a WebSocket no header, and what is in a URL stands in logs. */
function protocolsOf({ token }: TransportRequest): string[] {
  const words = token === undefined ? [] : [webSocketTokenPrefix + encodeURIComponent(token)];
  return [webSocketProtocol, ...words];
}
