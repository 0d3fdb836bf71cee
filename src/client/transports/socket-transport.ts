import { webSocketProtocol, webSocketTokenPrefix } from "../../protocol.js";
import { requestUrl } from "./address.js";
import { FrameQueue } from "./frame-queue.js";
import { noStream } from "../messages/refusal.js";
import type { OpenStream, TransportRequest } from "./transport.js";

/**
 * Opens a WebSocket, for networks that delay event streams. Resolves with the first frame of the hub, because some
 * proxies accept a WebSocket and forward nothing. Browsers do not report why a WebSocket failed to open.
 *
 * @param address with `http` or `https`
 */
export function openSocket(address: string, request: TransportRequest): Promise<OpenStream> {
  if (typeof WebSocket === "undefined")
    return Promise.reject(noStream("this platform has no WebSocket", "impossible"));
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(urlOf(address, request), protocolsOf(request));
    const { lastEventId, signal } = request;
    const queue = new FrameQueue({ lastEventId, onFull: () => socket.close() });
    socket.addEventListener("message", ({ data }) => {
      queue.push(String(data));
      resolve({ next: () => queue.next() });
    });
    socket.addEventListener("close", ({ code }) => {
      queue.end(`the WebSocket was closed with code ${code}`);
      reject(new Error(`the WebSocket did not open (code ${code})`));
    });
    // Node 22 fires no `close` for a WebSocket that cannot be opened.
    socket.addEventListener("error", () => {
      queue.end("the WebSocket failed");
      reject(new Error("the WebSocket did not open"));
    });
    const close = (): void => {
      socket.close();
      reject(new Error("the WebSocket did not open in time"));
    };
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
  });
}

function urlOf(address: string, request: TransportRequest): string {
  const { lastEventId } = request;
  const position = lastEventId === "" ? {} : { last_event_id: lastEventId };
  return requestUrl(address.replace(/^http/, "ws"), request, position);
}

/** The token is a subprotocol: browsers cannot set headers on a WebSocket, and URLs appear in logs. */
function protocolsOf({ token }: TransportRequest): string[] {
  const tokens = token === undefined ? [] : [webSocketTokenPrefix + encodeURIComponent(token)];
  return [webSocketProtocol, ...tokens];
}
