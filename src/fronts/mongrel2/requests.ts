import { PharosError } from "../../base/errors.js";
import type { GatewayRequest, Reply } from "../../gateway/http/messages.js";
import { encodeHead } from "../../gateway/http/response-head.js";
import type { Mongrel2Request } from "./wire/request.js";

/** Turns a request from Mongrel2 into a request for the gateway. `body` returns the body of the request. */
export function toGatewayRequest(
  request: Mongrel2Request,
  { body, disconnectSignal }: Pick<GatewayRequest, "body" | "disconnectSignal">,
): GatewayRequest {
  return {
    method: isHandshake(request) ? "GET" : request.method,
    version: request.version.replace(/^HTTP\//, ""),
    path: request.path,
    query: request.query,
    header: (name) => request.headers.get(name)?.join(name === "cookie" ? "; " : ", "),
    body,
    disconnectSignal,
    peer: request.remoteAddress === "" ? undefined : request.remoteAddress,
    front: "mongrel2",
    isDirect: false,
    isTls: request.urlScheme === "https",
  };
}

/**
 * True for a WebSocket handshake that Mongrel2 reports. After the handshake Mongrel2 expects frames, so a front that
 * refuses the WebSocket has to close the connection. A client that itself sends an HTTP request with the method
 * `WEBSOCKET_HANDSHAKE` gets frames that it does not expect.
 */
export function isHandshake({ method }: Pick<Mongrel2Request, "method">): boolean {
  return method === "WEBSOCKET_HANDSHAKE";
}

/** True if the client expects the connection to close after the answer. */
export function closesAfterAnswer(request: Mongrel2Request): boolean {
  if (isHandshake(request)) return true;
  const words = (request.headers.get("connection") ?? []).join(",").toLowerCase();
  if (request.version === "HTTP/1.0") return !words.includes("keep-alive");
  return words.includes("close");
}

/** A whole response in bytes. */
export function encodeReply(reply: Reply, options: { readonly close: boolean }): Buffer {
  const length =
    reply.contentLength === undefined ? [] : [["Content-Length", String(reply.contentLength)] as const];
  const connection = ["Connection", options.close ? "close" : "keep-alive"] as const;
  return Buffer.concat([encodeHead(reply.status, [...reply.headers, ...length, connection]), reply.body]);
}

/** The error for a request that cannot be parsed. */
export function malformedRequest(): PharosError {
  return new PharosError(
    "bad-mongrel2-request",
    "this request is malformed, or has more headers or bytes than allowed",
  );
}

/** The error for a body that Mongrel2 has written to a file. */
export function uploadRefused(): PharosError {
  return new PharosError(
    "too-large",
    "a body must have a Content-Length, which must not be above limits.content_length of Mongrel2",
  );
}
