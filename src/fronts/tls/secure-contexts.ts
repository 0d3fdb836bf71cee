import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import type { CertificatePair } from "./certificate-pair.js";
import { tlsProtocol } from "./tls-protocol.js";

/** The certificates by the names that clients ask for. */
export class SecureContexts {
  readonly #byName = new Map<string, SecureContext>();

  constructor(pairs: readonly CertificatePair[]) {
    for (const { cert, key, names } of pairs) {
      const context = createSecureContext({ ...tlsProtocol, cert, key });
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
    }
  }

  /**
   * The first certificate with this name; else the first with a `*` in place of the first part of the name [RFC 9525
   * 6.3]; else undefined.
   */
  find(name: string): SecureContext | undefined {
    const asked = name.toLowerCase();
    return this.#byName.get(asked) ?? this.#byName.get(asked.replace(/^[^.]+/, "*"));
  }
}
