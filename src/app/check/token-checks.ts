import type { Config } from "../../config/config.js";
import { tokenVerifier } from "../verifiers/token-verifier.js";
import type { Check, CheckPorts } from "./check.js";

type Issuer = Config["tokens"][number];

/** Checks each key of each issuer. The keys at a URL are loaded later, also by a hub. */
export function tokenChecks(config: Config, ports: CheckPorts): readonly Check[] {
  return config.tokens.flatMap((issuer) => {
    const { secret, key, jwks, ...others } = issuer;
    const parts: readonly (readonly [what: string, part: Issuer])[] = [
      ...(secret === undefined ? [] : [["token secret", { ...others, secret }] as const]),
      ...(key === undefined ? [] : [[`token key ${key}`, { ...others, key }] as const]),
      ...(jwks === undefined ? [] : [[`JWK set ${withoutQuery(jwks)}`, { ...others, jwks }] as const]),
    ];
    const checked = parts.length === 0 ? [["token issuer", issuer] as const] : parts;
    return checked.map(([what, part]) => ({
      what: others.issuer === undefined ? what : `${what} of ${others.issuer}`,
      run: () => void tokenVerifier({ ...config, tokens: [part] }, ports),
    }));
  });
}

/** The query of a URL may have a secret. */
function withoutQuery(place: string): string {
  return /^https?:/i.test(place) ? place.replace(/\?.*$/s, "") : place;
}
