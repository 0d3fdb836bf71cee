import type { GatewayRequest, Reply } from "../../gateway/http/messages.js";
import { encodeHead } from "../../gateway/http/response-head.js";
import type { Mongrel2Request } from "./wire/request.js";

/** Shows a request that Mongrel2 passed on to the gateway; `body` gives its body. */
export function toGatewayRequest(
  request: Mongrel2Request,
  { body, disconnectSignal }: Pick<GatewayRequest, "body" | "disconnectSignal">,
): GatewayRequest {
  return {
    method: isHandshake(request) ? "GET" : request.method,
    path: request.path,
    query: request.query,
    header: (name) => request.headers.get(name)?.join(name === "cookie" ? "; " : ", "),
    body,
    disconnectSignal,
    peer: request.remoteAddress === "" ? undefined : request.remoteAddress,
    front: "mongrel2",
    isTls: request.urlScheme === "https",
  };
}

/**
 * True for the request with which a WebSocket begins, as Mongrel2 passes it on. It reads frames from then on, so that a
 * refusal has to close. A client can write the word itself, and gets frames that it does not expect.
 */
export function isHandshake({ method }: Pick<Mongrel2Request, "method">): boolean {
  return method === "WEBSOCKET_HANDSHAKE";
}

/** True when the client expects the connection to end with the answer. */
export function closesAfterAnswer(request: Mongrel2Request): boolean {
  if (isHandshake(request)) return true;
  const words = (request.headers.get("connection") ?? []).join(",").toLowerCase();
  if (request.version === "HTTP/1.0") return !words.includes("keep-alive");
  return words.includes("close");
}

/** A whole answer as it goes over the wire. */
export function encodeReply(reply: Reply, options: { readonly close: boolean }): Buffer {
  const length =
    reply.contentLength === undefined ? [] : [["Content-Length", String(reply.contentLength)] as const];
  const connection = ["Connection", options.close ? "close" : "keep-alive"] as const;
  return Buffer.concat([encodeHead(reply.status, [...reply.headers, ...length, connection]), reply.body]);
}
