import type { JWTPayload } from "jose";

import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Grants, TokenVerifier, Verdict } from "../grants/grants.js";
import { defaultTokenLimits, type TokenLimits } from "../limits.js";
import { parseGrants } from "../grants/parse-grants.js";
import { printableText, quoted, refused } from "../refusal.js";
import { RememberedTokens } from "./remembered-tokens.js";
import { trustIssuer, type IssuerSettings, type TrustedIssuer } from "./trusted-issuer.js";
import { readToken, type UnverifiedToken } from "./unverified-token.js";
import { explainNoKey, verifyWith } from "./verify-signature.js";

export interface VerifierOptions {
  /** Whose tokens are accepted. Several entries may be of one issuer. */
  readonly issuers: readonly IssuerSettings[];
  /** The hub's own URL: the audience of tokens, and the base of relative URL patterns. */
  readonly hubUrl: string;
  /** @default {@link defaultTokenLimits} */
  readonly limits?: Partial<TokenLimits>;
}

export interface VerifierPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes the verifier of all configured issuers. Keys in files are read now; those behind URLs when first needed.
 *
 * @throws PharosError `bad-config` for a key that is missing, weak or none, or a URL that is not to be trusted
 */
export function createVerifier(options: VerifierOptions, ports: VerifierPorts): TokenVerifier {
  return new Verifier(options, ports);
}

class Verifier implements TokenVerifier {
  readonly #hubUrl: string;
  readonly #limits: TokenLimits;
  readonly #issuers: readonly TrustedIssuer[];
  readonly #remembered: RememberedTokens;
  readonly #ports: VerifierPorts;

  constructor({ issuers, hubUrl, limits }: VerifierOptions, ports: VerifierPorts) {
    this.#hubUrl = hubUrl;
    this.#limits = { ...defaultTokenLimits, ...limits };
    this.#issuers = issuers.map((settings) => trustIssuer(settings, { hubUrl, ...ports }));
    this.#remembered = new RememberedTokens(this.#limits.remembered);
    this.#ports = ports;
  }

  async verify(token: string): Promise<Verdict> {
    const nowMs = this.#ports.clock.now();
    const known = this.#remembered.get(token, nowMs);
    if (known !== undefined) return { ok: true, grants: known };
    try {
      const grants = await this.#grantsOf(token, nowMs);
      this.#remembered.add(token, grants, nowMs);
      return { ok: true, grants };
    } catch (error) {
      return { ok: false, reason: this.#reasonOf(error) };
    }
  }

  async #grantsOf(text: string, nowMs: number): Promise<Grants> {
    const token = readToken(text, this.#limits);
    const issuers = this.#issuersFor(token);
    const claims = await verifiedClaims(issuers, token, nowMs);
    // Keys may have been waited for, and the token may have ended meanwhile.
    const endMs = this.#ports.clock.now();
    return parseGrants(claims, token.form, { ...this.#limits, hubUrl: this.#hubUrl, nowMs: endMs });
  }

  #issuersFor(token: UnverifiedToken): readonly TrustedIssuer[] {
    if (this.#issuers.length === 0) throw refused("no key for tokens is configured");
    const issuers = this.#issuers.filter((issuer) => mayHaveMade(issuer, token));
    if (issuers.length > 0) return issuers;
    const trusted = [...new Set(this.#issuers.map(({ name }) => quoted(name)))];
    throw refused(`its issuer is ${quoted(token.issuer)}; trusted are ${trusted.join(", ")}`);
  }

  /** What is no refusal is a fault of the hub: no token is accepted on its account, and the log tells it. */
  #reasonOf(error: unknown): string {
    if (error instanceof PharosError && error.code === "invalid-token") return printableText(error.message);
    const message = error instanceof Error ? error.message : String(error);
    this.#ports.logger.error({ error: printableText(message) }, "a token could not be verified");
    return "the hub could not verify it; its log says why";
  }
}

/**
 * The current form binds a token to its issuer's keys alone. The older one knows no issuers: without `iss` any key may
 * have signed it, and with one those of that issuer, or of settings that name none.
 */
function mayHaveMade({ name, isNamed }: TrustedIssuer, { form, issuer }: UnverifiedToken): boolean {
  if (form === "older" && (issuer === undefined || !isNamed)) return true;
  return issuer === name;
}

/** The claims as the first issuer's key verifies them; of several refusals the first is the telling one. */
async function verifiedClaims(
  issuers: readonly TrustedIssuer[],
  token: UnverifiedToken,
  nowMs: number,
): Promise<JWTPayload> {
  let refusal: unknown;
  for (const issuer of issuers) {
    try {
      const claims = await verifyWith(issuer, token, nowMs);
      if (claims !== undefined) return claims;
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal ?? refused(await explainNoKey(issuers, token));
}
