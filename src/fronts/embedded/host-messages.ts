import { ServerResponse } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Socket } from "node:net";
import type { Headers } from "../../gateway/http/messages.js";

/** A request of the host's server. */
export type HostRequest = (IncomingMessage | Http2ServerRequest) & {
  /** The whole target, if a router has cut off the path below which it mounts the hub. Express and Connect set it. */
  originalUrl?: string;
  /** The content of the body, if a body parser of the host has read it. */
  body?: unknown;
};

/** A response of the host's server. Code of the host may have set headers, or may have replaced its methods. */
export type HostResponse = ServerResponse | Http2ServerResponse;

/** The headers that only HTTP/1 has [RFC 9113 8.2.2]. */
const headersOfConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** True for a response with HTTP/1. */
export function isHttp1(response: HostResponse): response is ServerResponse {
  return response instanceof ServerResponse;
}

/**
 * The socket, if nothing stands between the response and it: a response with HTTP/1 whose methods are those of Node.
 * Middleware that compresses a response, or that waits for its end, replaces them. Undefined also while earlier requests
 * of the connection are not answered.
 */
export function bareSocketOf(response: HostResponse): Socket | undefined {
  if (!isHttp1(response)) return undefined;
  const { socket } = response;
  const isBare = (["write", "end"] as const).every((name) => isOfNode(response, name));
  return isBare && !response.writableEnded && socket instanceof Socket ? socket : undefined;
}

function isOfNode(response: ServerResponse, name: "write" | "end"): boolean {
  return response[name] === ServerResponse.prototype[name];
}

/**
 * Sets the headers of a response. A header that the host has set before keeps its place only if the hub has none of this
 * name; `Vary` gets the values of both.
 */
export function setHeaders(response: HostResponse, headers: Headers): void {
  for (const [name, value] of headers) {
    if (!isHttp1(response) && headersOfConnection.has(name.toLowerCase())) continue;
    const before = name.toLowerCase() === "vary" ? response.getHeader(name) : undefined;
    response.setHeader(name, before === undefined ? value : `${String(before)}, ${value}`);
  }
}

/** Ends the response at once, in the middle. */
export function cutResponse(response: HostResponse): void {
  if (isHttp1(response)) response.destroy();
  else response.stream.destroy();
}
