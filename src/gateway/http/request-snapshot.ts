import { forwarding } from "./loopback.js";
import { checkedToken } from "./bearer.js";
import type { GatewayRequest } from "./messages.js";

/** The headers that identify the client, and the origin of a page. */
const identifyingHeaders = [
  "authorization",
  "cookie",
  "host",
  "origin",
  "referer",
  "sec-fetch-site",
  "x-forwarded-for",
  ...forwarding,
];

const nothing = Buffer.alloc(0);

/** A snapshot's request is already answered, so its signal never fires. */
const neverAborted = new AbortController().signal;

/**
 * Copies the parts of a request that an open stream needs. Node's own objects would use about 7 KB for each stream.
 *
 * @param bearer a token that replaces the request's `Authorization`
 * @throws PharosError `bad-authorization` if `bearer` cannot be a token in a header
 */
export function snapshotRequest(request: GatewayRequest, bearer?: string): GatewayRequest {
  const { method, version, path, query, peer, front, isDirect } = request;
  const headers = new Map(
    identifyingHeaders.flatMap((name) => {
      const value = request.header(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  if (bearer !== undefined) headers.set("authorization", `Bearer ${checkedToken(bearer)}`);
  return {
    method,
    version,
    path,
    query,
    peer,
    front,
    isDirect,
    header: (name) => headers.get(name),
    body: () => Promise.resolve(nothing),
    disconnectSignal: () => neverAborted,
  };
}

/**
 * The request without its cookies. Its other methods are those of the request, so the copy is valid as long as the
 * request is.
 */
export function withoutCookies(request: GatewayRequest): GatewayRequest {
  return { ...request, header: (name) => (name === "cookie" ? undefined : request.header(name)) };
}
