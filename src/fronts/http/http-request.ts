import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import type { ServedPath } from "../../gateway/http/resource.js";
import type { ConnectionClient } from "../listen/intake.js";
import type { FrontRequest } from "../gateway-port.js";
import { isSecure } from "../strict-transport.js";
import { BodyMessage } from "./input/body-message.js";

/** The path of a request target, without the query. */
export function requestPath(target: string): string {
  return split(target).path;
}

export interface FrontRequestParts extends Pick<FrontRequest, "body" | "disconnectSignal"> {
  readonly client: ConnectionClient;
  readonly identified: FrontRequest["identified"] | undefined;
}

/**
 * Turns a request of Node's HTTP server into a request for the gateway. `body` reads the request's body, and `client` is
 * the client of its connection.
 */
export function toFrontRequest(
  request: FastifyRequest,
  { client, body, disconnectSignal, identified }: FrontRequestParts,
): FrontRequest {
  const { head } = BodyMessage.of(request.raw);
  return {
    method: request.raw.method ?? "GET",
    version: request.raw.httpVersion,
    ...split(request.raw.url ?? "/"),
    header: (name) => {
      const value = head.value(name);
      return value === undefined ? undefined : asUtf8(value);
    },
    headerNames: () => head.names,
    body,
    disconnectSignal,
    peer: client.peer,
    front: "http",
    isDirect: client.isDirect,
    ...(identified === undefined ? {} : { identified }),
    isTls: isSecure(request.raw.socket),
  };
}

/** The target may be a whole URL, as in a request to a proxy [RFC 9112 3.2.2]. */
function split(target: string): { readonly path: string; readonly query: string } {
  const url = target.replace(/^https?:\/\/[^/?]*/i, "");
  const question = url.indexOf("?");
  if (question < 0) return { path: url, query: "" };
  return { path: url.slice(0, question), query: url.slice(question + 1) };
}

/** Node decodes header bytes as Latin-1; browsers send UTF-8 [Fetch, header values are bytes]. */
function asUtf8(value: string): string {
  if (!/[^\0-\x7F]/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : value;
}

/** The paths without duplicates. Several resources may share a path, and the gateway chooses among these resources. */
export function routesOf(resources: readonly ServedPath[]): ReadonlySet<string> {
  return new Set(resources.flatMap(({ path, below }) => (below === true ? [path, `${path}/*`] : [path])));
}
