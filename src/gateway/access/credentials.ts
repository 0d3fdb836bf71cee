import { PharosError } from "../../base/errors.js";
import type { GatewayRequest } from "../http/messages.js";
import type { NameValuePairs } from "../http/query.js";

/** The cookies of the current and of the older Mercure protocol. */
const cookieNames = ["__Secure-mercure_access_token", "mercureAuthorization"];

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
 * 1. the `Authorization` header
 * 2. the query of the older protocol
 * 3. a cookie
 *
 * @param older the query of the older protocol, which may have `authorization`
 * @throws PharosError `bad-authorization` if the header is not `Bearer` and one token, or the query has two tokens
 */
export function findCredentials(request: GatewayRequest, older?: NameValuePairs): Credentials | undefined {
  const header = request.header("authorization");
  if (header !== undefined) return { token: bearerToken(header), from: "header" };
  const queried = older === undefined ? undefined : queriedToken(older);
  if (queried !== undefined) return { token: queried, from: "query" };
  const cookies = parseCookies(request.header("cookie") ?? "");
  const token = cookieNames
    .map((name) => cookies.get(name))
    .find((value) => value !== undefined && value !== "");
  return token === undefined ? undefined : { token, from: "cookie" };
}

/** The token of a `Bearer` header. The scheme is case-insensitive; the token has no spaces [RFC 6750 2.1]. */
function bearerToken(header: string): string {
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header.trim())?.[1];
  if (token === undefined) {
    throw new PharosError("bad-authorization", "the Authorization header must be Bearer and one token");
  }
  return token;
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
