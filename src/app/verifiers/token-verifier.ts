import { createVerifier, type Verifier, type VerifierPorts } from "../../auth/tokens/verifier.js";
import type { Config } from "../../config/config.js";

/**
 * The verifier for the configured keys; undefined if there are no keys, so that every token is refused.
 *
 * @param earlier the verifier that this one replaces @default none
 * @throws PharosError `bad-config` if a key is missing, weak or invalid
 */
export function tokenVerifier(
  { tokens, publicUrl, limits, tokenLeeway }: Pick<Config, "tokens" | "publicUrl" | "limits" | "tokenLeeway">,
  ports: VerifierPorts,
  earlier?: Verifier,
): Verifier | undefined {
  if (tokens.length === 0) return undefined;
  return createVerifier(
    {
      issuers: tokens,
      hubUrl: publicUrl,
      limits: { ...limits.token, filterBytes: limits.filterBytes },
      leewaySeconds: tokenLeeway,
      earlier,
    },
    ports,
  );
}
