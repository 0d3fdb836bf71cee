import { atMost } from "../../base/at-most.js";
import type { Config } from "../../config/config.js";
import type { CertificateStore } from "../../fronts/tls/certificate-store.js";
import type { Journal } from "../../journal/journal.js";
import { openCertificates, type CertificatePorts } from "../reload/open-certificates.js";

/** The longest time that a failed start waits for the end of the journal, in milliseconds. */
const closeWithinMs = 3000;

interface BuildPorts extends CertificatePorts {
  readonly journal: Journal;
}

/**
 * Opens the certificates, and builds the hub with them. If a part cannot be built, closes the certificates and the
 * journal, and rejects with the error of that part.
 */
export async function buildOrClose<Ports extends BuildPorts, Built>(
  config: Config,
  ports: Ports,
  build: (ports: Ports & { readonly certificates: CertificateStore | undefined }) => Built,
): Promise<Built> {
  let certificates: CertificateStore | undefined;
  try {
    certificates = openCertificates(config, ports);
    return build({ ...ports, certificates });
  } catch (error) {
    await certificates?.close();
    await atMost(ports.clock, closeWithinMs, ports.journal.close());
    throw error;
  }
}
