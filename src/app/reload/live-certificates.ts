import type { CertificateStore } from "../../fronts/tls/certificate-store.js";
import { readCertificates } from "../../fronts/tls/read-certificates.js";
import type { PreparedFiles, Reloadable } from "./reloadable.js";

/** The TLS certificates. Other content of their files applies with a reload; other files need a restart. */
export class LiveCertificates implements Reloadable {
  readonly #store: CertificateStore | undefined;

  /** @param store undefined if no address speaks TLS */
  constructor(store: CertificateStore | undefined) {
    this.#store = store;
  }

  /** @throws PharosError `bad-config` with one line for each pair that cannot be used */
  prepare(): PreparedFiles {
    const store = this.#store;
    if (store === undefined) return { use: () => undefined };
    const pairs = readCertificates(store.material.pairs);
    return { use: () => store.use(pairs) };
  }
}
