import { askedUrl } from "./address.js";
import { FrameQueue } from "./frame-queue.js";
import { StreamFailure, type OpenStream, type StreamRequest, type Transport } from "./transport.js";

/** WebSockets: for networks that hold event streams back. The browser does not tell why one could not be opened. */
export function socketTransport(address: string): Transport {
  return { name: "websocket", open: (request) => openSocket(addressOf(address, request), request) };
}

function addressOf(address: string, request: StreamRequest): string {
  const { lastEventId, token } = request;
  const pairs: (readonly [string, string])[] = [];
  if (lastEventId !== "") pairs.push(["last_event_id", lastEventId]);
  // A page can give a WebSocket no header.
  if (token !== undefined) pairs.push(["authorization", token]);
  return askedUrl(address, request, pairs);
}

/** Resolves with the hub's first word, so that what only pretends to open is not taken for a stream. */
function openSocket(url: string, { signal, lastEventId }: StreamRequest): Promise<OpenStream> {
  if (typeof WebSocket === "undefined")
    return Promise.reject(new StreamFailure("there is no WebSocket here"));
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "pharos");
    const queue = new FrameQueue({ lastEventId, onFull: () => socket.close() });
    socket.addEventListener("message", ({ data }) => {
      queue.push(String(data));
      resolve(queue);
    });
    socket.addEventListener("close", ({ code }) => {
      queue.end(`the socket was closed with code ${code}`);
      reject(new StreamFailure(`no WebSocket could be opened (code ${code})`));
    });
    const close = (): void => {
      socket.close();
      reject(new StreamFailure("no WebSocket was opened in time"));
    };
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
  });
}
