import { PharosError } from "../../base/errors.js";
import { bearerToken } from "../http/bearer.js";
import type { GatewayRequest } from "../http/messages.js";
import type { NameValuePairs } from "../http/query.js";

/** The cookies of the current and of the older Mercure protocol. */
export const mercureCookies: readonly string[] = Object.freeze([
  "__Secure-mercure_access_token",
  "mercureAuthorization",
]);

/** The parts of a request, apart from its header, that may contain its token. */
export interface CredentialPlaces {
  /** The names of cookies with a token. The first cookie that the request has counts. */
  readonly cookieNames: readonly string[];
  /** The query, if the protocol allows a token there: `authorization`, as in the older Mercure protocol. */
  readonly older?: NameValuePairs | undefined;
}

/**
 * A token, and the part of the request that contains it. `from` matters, since a foreign page can make a browser send
 * cookies, but not headers.
 */
export interface Credentials {
  readonly token: string;
  readonly from: "header" | "query" | "cookie";
}

/**
 * Finds the token of a request. The hub uses the first token that it finds in this order [draft-dunglas-mercure-08
 * l.590-634; draft-07: header, query, cookie]:
 * 1. `Bearer` in the `Authorization` header; credentials of other schemes are not for the hub
 * 2. the query of the older protocol
 * 3. a cookie
 *
 * @throws PharosError `bad-authorization` if `Bearer` does not have one token, or the query has two tokens
 */
export function findCredentials(
  request: GatewayRequest,
  { cookieNames, older }: CredentialPlaces,
): Credentials | undefined {
  const bearer = bearerToken(request.header("authorization"));
  if (bearer !== undefined) return { token: bearer, from: "header" };
  const queried = older === undefined ? undefined : queriedToken(older);
  if (queried !== undefined) return { token: queried, from: "query" };
  const cookies = parseCookies(request.header("cookie") ?? "");
  const token = cookieNames
    .map((name) => cookies.get(name))
    .find((value) => value !== undefined && value !== "");
  return token === undefined ? undefined : { token, from: "cookie" };
}

/** Explains to a client that sent other credentials why they do not count; empty for other clients. */
export function foreignNote(request: GatewayRequest): string {
  const isForeign = (request.header("authorization") ?? "") !== "";
  return isForeign ? "; its Authorization header is not Bearer, so the hub ignores the header" : "";
}

/**
 * The token in the query. An empty token counts as none. Two tokens are an error [RFC 6750 3.1: a repeated parameter
 * is an invalid request].
 */
function queriedToken(query: NameValuePairs): string | undefined {
  const [token, ...others] = query.flatMap(([name, value]) =>
    name === "authorization" && value !== "" ? [value] : [],
  );
  if (others.length > 0) {
    throw new PharosError(
      "bad-authorization",
      `the query must have at most one authorization parameter, not ${others.length + 1}`,
    );
  }
  return token;
}

/**
 * Parses cookies. The hub uses the first cookie of each name: it has the most specific path [RFC 6265 5.4]. A comma
 * is part of the value. If a comma separated cookies, a page without TLS could forge a cookie whose name begins with
 * `__Secure-`.
 */
function parseCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, equals)).trim();
    if (name !== "" && !cookies.has(name)) cookies.set(name, unquoted(pair.slice(equals + 1).trim()));
  }
  return cookies;
}

function unquoted(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1) : value;
}
