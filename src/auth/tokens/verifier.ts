import type { JWTPayload } from "jose";

import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { printableText } from "../../base/quote-value.js";
import type { Logger } from "../../base/log.js";
import type { Grants, TokenVerifier, Verdict } from "../grants/grants.js";
import { defaultTokenLimits, type TokenLimits } from "../../limits/tokens.js";
import { parseGrants } from "../grants/parse-grants.js";
import { quoted, refused } from "../refusal.js";
import { RememberedTokens } from "./remembered-tokens.js";
import type { LoadedKeys } from "../keys/rotating-keys.js";
import { haveSameKeySet, trustIssuer, type IssuerSettings, type TrustedIssuer } from "./trusted-issuer.js";
import { readToken, type UnverifiedToken } from "./unverified-token.js";
import { explainNoKey, verifyWith, type Times } from "./verify-signature.js";

export interface VerifierOptions {
  /** The issuers whose tokens the hub accepts. One issuer may have several entries. */
  readonly issuers: readonly IssuerSettings[];
  /** The URL of the hub: the audience of tokens, and the base URL for relative URL patterns. */
  readonly hubUrl: string;
  /** @default {@link defaultTokenLimits} */
  readonly limits?: Partial<TokenLimits>;
  /** The difference between the issuers' clocks and the hub's clock that the hub tolerates, in seconds. @default 0 */
  readonly leewaySeconds?: number;
  /** The verifier that this one replaces. Keys of an unchanged URL stay known until they are loaded again. */
  readonly earlier?: Verifier | undefined;
}

export interface VerifierPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Creates the verifier for all configured issuers. This function reads key files. The verifier loads a URL later,
 * when a token first needs the keys at this URL.
 *
 * @throws PharosError `bad-config` when a key is missing, too weak or invalid, or a URL must not be trusted
 */
export function createVerifier(options: VerifierOptions, ports: VerifierPorts): Verifier {
  return new Verifier(options, ports);
}

/** The verifier of {@link createVerifier}. */
export class Verifier implements TokenVerifier {
  readonly #hubUrl: string;
  readonly #limits: TokenLimits;
  readonly #leewayMs: number;
  readonly #issuers: readonly TrustedIssuer[];
  #remembered: RememberedTokens;
  readonly #ports: VerifierPorts;

  constructor(
    { issuers, hubUrl, limits, leewaySeconds = 0, earlier }: VerifierOptions,
    ports: VerifierPorts,
  ) {
    this.#hubUrl = hubUrl;
    this.#limits = { ...defaultTokenLimits, ...limits };
    this.#leewayMs = leewaySeconds * 1000;
    this.#remembered = new RememberedTokens(this.#limits.remembered);
    this.#ports = ports;
    this.#issuers = issuers.map((settings) => this.#trust(settings, earlier?.knownKeys(settings)));
  }

  /** A method of its own, so that the lasting callback does not keep the earlier verifier in memory. */
  #trust(settings: IssuerSettings, known: LoadedKeys | undefined): TrustedIssuer {
    const keysChanged = () => {
      this.#remembered = new RememberedTokens(this.#limits.remembered);
    };
    return trustIssuer(settings, { hubUrl: this.#hubUrl, ...this.#ports, keysChanged, known });
  }

  /** The last keys that were loaded from the JWK set of these settings; undefined if this verifier has not loaded it. */
  knownKeys(settings: IssuerSettings): LoadedKeys | undefined {
    return this.#issuers.find((issuer) => haveSameKeySet(issuer.settings, settings))?.keySet?.known;
  }

  async verify(token: string): Promise<Verdict> {
    const nowMs = this.#ports.clock.now();
    // If the keys change during the verification, its result goes to a cache that the verifier no longer uses: a key
    // that verified the token may have been withdrawn.
    const remembered = this.#remembered;
    const known = remembered.get(token, nowMs);
    if (known !== undefined) return { ok: true, grants: known };
    try {
      const grants = await this.#grantsOf(token, nowMs);
      remembered.add(token, grants, nowMs);
      return { ok: true, grants };
    } catch (error) {
      return { ok: false, reason: this.#reasonOf(error) };
    }
  }

  async #grantsOf(text: string, nowMs: number): Promise<Grants> {
    const token = readToken(text, this.#limits);
    const issuers = this.#issuersFor(token);
    const leewayMs = this.#leewayMs;
    const { claims, issuer } = await verifiedClaims(issuers, token, { nowMs, leewayMs });
    // The token may have expired while the hub loaded the keys.
    const times = { nowMs: this.#ports.clock.now(), leewayMs };
    const context = { ...this.#limits, hubUrl: this.#hubUrl, ...times };
    return allowedGrants(parseGrants(claims, token.form, context), issuer);
  }

  #issuersFor(token: UnverifiedToken): readonly TrustedIssuer[] {
    if (this.#issuers.length === 0) throw refused("no key for tokens is configured");
    const issuers = this.#issuers.filter((issuer) => mayHaveMade(issuer, token));
    if (issuers.length > 0) return issuers;
    const trusted = [...new Set(this.#issuers.map(({ name }) => quoted(name)))];
    throw refused(`its issuer is ${quoted(token.issuer)}; trusted are ${trusted.join(", ")}`);
  }

  /**
   * Returns the reason of an `invalid-token` error. Any other error is a fault of the hub: the verifier rejects the
   * token and logs the error.
   */
  #reasonOf(error: unknown): string {
    if (error instanceof PharosError && error.code === "invalid-token") return printableText(error.message);
    const message = error instanceof Error ? error.message : String(error);
    this.#ports.logger.error({ error: printableText(message) }, "a token could not be verified");
    return "the hub could not verify it; its log says why";
  }
}

/**
 * True if the issuer may have signed the token:
 * - a token of the current form: if its `iss` names this issuer
 * - a token of the older form: if it has no `iss`, if its `iss` names this issuer, or if the settings name no issuer
 */
function mayHaveMade({ name, isNamed }: TrustedIssuer, { form, issuer }: UnverifiedToken): boolean {
  if (form === "older" && (issuer === undefined || !isNamed)) return true;
  return issuer === name;
}

/** The grants without the rights that the issuer's tokens must not grant. */
function allowedGrants(grants: Grants, { allows }: TrustedIssuer): Grants {
  const mayPublish = allows.includes("publish");
  return {
    ...grants,
    mayPublish: grants.mayPublish && mayPublish,
    publish: mayPublish ? grants.publish : [],
    subscribe: allows.includes("subscribe") ? grants.subscribe : [],
    manage: allows.includes("manage") ? grants.manage : [],
  };
}

interface VerifiedClaims {
  readonly claims: JWTPayload;
  readonly issuer: TrustedIssuer;
}

/**
 * Returns the claims of the token from the first issuer that verifies the token. If no issuer does, the function throws
 * the first error of an issuer whose key signed the token. If no key signed the token, the error explains why.
 */
async function verifiedClaims(
  issuers: readonly TrustedIssuer[],
  token: UnverifiedToken,
  times: Times,
): Promise<VerifiedClaims> {
  let refusal: unknown;
  for (const issuer of issuers) {
    try {
      const claims = await verifyWith(issuer, token, times);
      if (claims !== undefined) return { claims, issuer };
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal ?? refused(await explainNoKey(issuers, token));
}
