import type { FastifyRequest } from "fastify";
import type { ServedPath } from "../../gateway/http/resource.js";
import type { ConnectionClient } from "../listen/intake.js";
import type { FrontRequest } from "../gateway-port.js";
import { asUtf8, splitTarget } from "../request-target.js";
import { isSecure } from "../strict-transport.js";
import { BodyMessage } from "./input/body-message.js";

/** The path of a request target, without the query. */
export function requestPath(target: string): string {
  return splitTarget(target).path;
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
    ...splitTarget(request.raw.url ?? "/"),
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

/** The paths without duplicates. Several resources may share a path, and the gateway chooses among these resources. */
export function routesOf(resources: readonly ServedPath[]): ReadonlySet<string> {
  return new Set(resources.flatMap(({ path, below }) => (below === true ? [path, `${path}/*`] : [path])));
}
