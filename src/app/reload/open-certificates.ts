import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { Config } from "../../config/config.js";
import type { CertificateFiles } from "../../fronts/tls/certificate-pair.js";
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
  config: Pick<Config, "https" | "tlsCerts" | "tlsKeys">,
  ports: CertificatePorts,
): CertificateStore | undefined {
  if (config.https.length === 0) return undefined;
  return new CertificateStore({ ...ports, files: certificateFiles(config) });
}

/** The pairs of files. The configuration has as many keys as certificates. */
export function certificateFiles({
  tlsCerts,
  tlsKeys,
}: Pick<Config, "tlsCerts" | "tlsKeys">): readonly CertificateFiles[] {
  return tlsCerts.map((certFile, index) => ({ certFile, keyFile: tlsKeys[index] ?? "" }));
}
