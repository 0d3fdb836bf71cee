import type { Grants, TokenVerifier } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { rememberLast } from "../../base/live/remember-last.js";
import { findCredentials, foreignNote, mercureCookies, type Credentials } from "./credentials.js";
import type { GatewayRequest } from "../http/messages.js";
import { Origins } from "./origins.js";
import type { NameValuePairs } from "../http/query.js";
import { parseUrl } from "../../base/url/parse-url.js";

/** The authenticator reads the options at each use, so that their values can change. */
export interface AuthenticatorOptions {
  /** Undefined if no key is configured: then the hub rejects every token. */
  readonly verifier: TokenVerifier | undefined;
  /** True if clients may open streams without a token. A stream without a token gets no private publications. */
  readonly anonymous: boolean;
  /** The origins whose pages may publish with a cookie, in the form of {@link Origins}. `*` and `null` count, too. */
  readonly publishOrigins: readonly string[];
  /** Throws PharosError `token-revoked` if the token with these grants is revoked. @default no token is */
  readonly checkRevoked?: ((grants: Grants) => void) | undefined;
  /** The name of the cookie with a token. @default the cookies of the Mercure protocol */
  readonly cookieName?: string | undefined;
}

/** Identifies the sender of a request by its token. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #originsOf = rememberLast((list: readonly string[]) => new Origins(list));

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  get #cookieNames(): readonly string[] {
    const { cookieName } = this.#options;
    return cookieName === undefined ? mercureCookies : [cookieName];
  }

  /**
   * The rights of a subscriber's token. Without a token the result is undefined, and not a promise.
   *
   * @param older the query, if the protocol allows a token there
   * @throws PharosError `bad-authorization`, `invalid-token`, `token-revoked`, or `unauthorized` if a token is required and there is
   *   none
   */
  subscriber(request: GatewayRequest, older?: NameValuePairs): undefined | Promise<Grants> {
    const credentials = findCredentials(request, { cookieNames: this.#cookieNames, older });
    if (credentials !== undefined) return this.#verify(request, credentials);
    if (this.#options.anonymous) return undefined;
    throw new PharosError("unauthorized", `this request needs a token${foreignNote(request)}`);
  }

  /**
   * The rights of a publisher's token. Without a token the result is undefined, and not a promise.
   *
   * @throws PharosError `bad-authorization`, `invalid-token`, `token-revoked`, or `forbidden-origin` if a page of a foreign origin
   *   sent the token in a cookie
   */
  publisher(request: GatewayRequest, older?: NameValuePairs): undefined | Promise<Grants> {
    const credentials = findCredentials(request, { cookieNames: this.#cookieNames, older });
    if (credentials === undefined) return undefined;
    if (credentials.from === "cookie") this.#checkOrigin(request);
    return this.#verify(request, credentials);
  }

  /**
   * Checks the grants again. Call this after a wait: the token may have been revoked meanwhile.
   *
   * @throws PharosError `token-revoked`
   */
  checkRevoked(grants: Grants): void {
    this.#options.checkRevoked?.(grants);
  }

  async #verify(request: GatewayRequest, { token, from }: Credentials): Promise<Grants> {
    const { verifier } = this.#options;
    const verdict = (await verifier?.verify(token)) ?? { ok: false, reason: "no key is configured" };
    // The current form of the protocol allows no tokens in URLs, since logs store URLs.
    const isAllowedThere = !verdict.ok || from !== "query" || verdict.grants.form === "older";
    if (verdict.ok && isAllowedThere) {
      // The verifier remembers verdicts, so this comes after it.
      this.checkRevoked(verdict.grants);
      request.identified?.(verdict.grants.subject);
      return verdict.grants;
    }
    const reason = verdict.ok ? "a token of the current form is not allowed in the query" : verdict.reason;
    throw new PharosError("invalid-token", "the token is not accepted", { reason });
  }

  /**
   * Checks `Origin`, or `Referer` if there is no `Origin`. A request without both headers gets an error
   * [draft-dunglas-mercure-08 l.1648-1660].
   */
  #checkOrigin(request: GatewayRequest): void {
    const origin = request.header("origin") ?? originOf(request.header("referer"));
    if (origin !== undefined && this.#originsOf(this.#options.publishOrigins).has(origin)) return;
    const message =
      origin === undefined
        ? "a request with a cookie must have the header Origin or Referer to publish"
        : `pages of the origin ${quoteValue(origin)} may not publish with a cookie`;
    throw new PharosError("forbidden-origin", message, {
      reason: `the origin ${JSON.stringify(origin ?? null)} is not among the publish origins`,
    });
  }
}

function originOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : parseUrl(url)?.origin;
}
