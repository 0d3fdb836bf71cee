import type { TokenVerifier, Verdict } from "../../auth/grants/grants.js";
import type { Verifier, VerifierPorts } from "../../auth/tokens/verifier.js";
import type { Config } from "../../config/config.js";
import { tokenVerifier } from "./token-verifier.js";

/** The verifier of tokens. A hub can read its keys again while it runs. */
export class LiveVerifier implements TokenVerifier {
  readonly #ports: VerifierPorts;
  #current: Verifier | undefined;

  /** @throws PharosError `bad-config` if a key is missing, weak or invalid */
  constructor(config: Config, ports: VerifierPorts) {
    this.#ports = ports;
    this.#current = tokenVerifier(config, ports);
  }

  /**
   * Reads the keys of a configuration. `use` then verifies all tokens with these keys. Open streams keep their rights.
   * The next token makes the hub load the keys at a URL again. If that fails, the known keys of an unchanged issuer and
   * URL stay in use.
   *
   * @throws PharosError `bad-config` as the constructor
   */
  prepare(config: Config): { readonly use: () => void } {
    const next = tokenVerifier(config, this.#ports, this.#current);
    return { use: () => (this.#current = next) };
  }

  async verify(token: string): Promise<Verdict> {
    return (await this.#current?.verify(token)) ?? { ok: false, reason: "no key is configured" };
  }
}
