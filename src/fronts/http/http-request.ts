import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import type { GatewayRequest } from "../../gateway/messages.js";

/** Shows a request of Node's HTTP server to the gateway; `body` reads what comes after its head. */
export function toGatewayRequest(request: FastifyRequest, body: GatewayRequest["body"]): GatewayRequest {
  const url = withoutOrigin(request.raw.url ?? "/");
  const question = url.indexOf("?");
  return {
    method: request.raw.method ?? "GET",
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? "" : url.slice(question + 1),
    header: (name) => {
      // `headers` keeps the first of two Authorization headers, and of two Content-Types, without a word.
      const value = request.raw.headersDistinct[name]?.join(name === "cookie" ? "; " : ", ");
      return value === undefined ? undefined : asUtf8(value);
    },
    body,
    peer: request.raw.socket.remoteAddress,
    front: "http",
  };
}

/** A target may be a whole URL, as clients of a proxy send it [RFC 9112 3.2.2]. */
function withoutOrigin(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*/i, "");
}

/** Node reads header bytes as Latin-1; browsers send UTF-8 [Fetch, header values are bytes]. */
function asUtf8(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : value;
}
