import type { Config } from "../../config/config.js";
import { readCertificates } from "../../fronts/tls/read-certificates.js";
import { certificateFiles } from "../reload/open-certificates.js";
import type { Check } from "./check.js";
import { checkMayCreate } from "./may-write.js";

/** Checks the folders of unix sockets, and each pair of certificate and key. */
export function listeningChecks(config: Config): readonly Check[] {
  const { http, https } = config;
  const sockets = [...http, ...https].flatMap((address) => (address.kind === "unix" ? [address.path] : []));
  const pairs = https.length === 0 ? [] : certificateFiles(config);
  return [
    ...sockets.map((path) => ({ what: `unix:${path}`, run: () => checkMayCreate(path) })),
    ...pairs.map((pair) => ({
      what: `--tls-cert ${pair.certFile}`,
      run: () => void readCertificates([pair]),
    })),
  ];
}
