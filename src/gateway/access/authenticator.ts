import type { Grants, TokenVerifier } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import type { Credentials } from "./credentials.js";
import { findCredentials } from "./credentials.js";
import type { GatewayRequest } from "../http/messages.js";
import { CookieOrigins } from "./cookie-origins.js";
import type { NameValuePairs } from "../http/query.js";

export interface AuthenticatorOptions {
  /** Undefined where no key is configured: then every token is refused. */
  readonly verifier: TokenVerifier | undefined;
  /** True when streams of what is not private need no token. */
  readonly anonymous: boolean;
  /** Origins whose pages may publish with a cookie; one `*` in one stands for part of its host or its port, alone for all. */
  readonly publishOrigins: readonly string[];
}

/** Who sends a request, told by its token. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #publishOrigins: CookieOrigins;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#publishOrigins = new CookieOrigins(options.publishOrigins);
  }

  /**
   * What a subscriber's token allows; undefined, at once, for one without a token.
   *
   * @param older the query of a request of the older protocol
   * @throws PharosError `bad-authorization`, `invalid-token`, or `unauthorized` where there is no token and one is needed
   */
  subscriber(request: GatewayRequest, older?: NameValuePairs): undefined | Promise<Grants> {
    const credentials = findCredentials(request, older);
    if (credentials !== undefined) return this.#verify(credentials);
    if (this.#options.anonymous) return undefined;
    throw new PharosError("unauthorized", "this needs a token");
  }

  /**
   * What a publisher's token allows; undefined, at once, for one without a token.
   *
   * @throws PharosError `bad-authorization`, `invalid-token`, or `forbidden-origin` for a cookie that a page of a
   *   foreign origin may have made the browser send
   */
  publisher(request: GatewayRequest, older?: NameValuePairs): undefined | Promise<Grants> {
    const credentials = findCredentials(request, older);
    if (credentials === undefined) return undefined;
    if (credentials.from === "cookie") this.#checkOrigin(request);
    return this.#verify(credentials);
  }

  async #verify({ token, from }: Credentials): Promise<Grants> {
    const { verifier } = this.#options;
    const verdict = (await verifier?.verify(token)) ?? { ok: false, reason: "no key is configured" };
    // The current form knows no tokens in URLs, where logs would keep them.
    const isInPlace = !verdict.ok || from !== "query" || verdict.grants.form === "older";
    if (verdict.ok && isInPlace) return verdict.grants;
    const reason = verdict.ok ? "a token of the current form must not come in the query" : verdict.reason;
    throw new PharosError("invalid-token", "the token is not accepted", { reason });
  }

  /** [draft-dunglas-mercure-08 l.1648-1660]: Origin, or where it is absent the origin of Referer; neither is a refusal. */
  #checkOrigin(request: GatewayRequest): void {
    const origin = request.header("origin") ?? originOf(request.header("referer"));
    if (origin !== undefined && this.#publishOrigins.has(origin)) return;
    throw new PharosError("forbidden-origin", "pages of this origin may not publish with a cookie", {
      reason: `the origin ${JSON.stringify(origin ?? null)} is not among the publish origins`,
    });
  }
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined;
}
