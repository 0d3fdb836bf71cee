import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { Config } from "../../config/config.js";
import { CertificateStore } from "../../fronts/tls/certificate-store.js";

/** The parts of the hub that the certificates use. */
export interface CertificatePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Opens the certificates of the configuration; undefined if no address speaks TLS.
 *
 * @throws PharosError `bad-config` with one line for each pair that cannot be used
 */
export function openCertificates(
  { https, tlsCerts, tlsKeys }: Pick<Config, "https" | "tlsCerts" | "tlsKeys">,
  ports: CertificatePorts,
): CertificateStore | undefined {
  if (https.length === 0) return undefined;
  // The configuration has as many keys as certificates.
  const files = tlsCerts.map((certFile, index) => ({ certFile, keyFile: tlsKeys[index] ?? "" }));
  return new CertificateStore({ ...ports, files });
}
