import { startHub, type HubOptions, type HubProcess } from "../hub-process.js";
import type { TestCertificate } from "./certificates.js";

/** The arguments of a hub that speaks TLS on a free port, with at least one certificate. */
export function tlsArguments(...certificates: readonly TestCertificate[]): readonly string[] {
  const files = certificates.flatMap(({ certFile, keyFile }) => [
    "--tls-cert",
    certFile,
    "--tls-key",
    keyFile,
  ]);
  return ["--https", "127.0.0.1:0", ...files];
}

/** Starts a hub that speaks only TLS, and waits until the hub is ready. */
export function startSecureHub(
  certificates: readonly TestCertificate[],
  options: Omit<HubOptions, "http"> = {},
): Promise<HubProcess> {
  return startHub({
    ...options,
    http: "off",
    args: [...tlsArguments(...certificates), ...(options.args ?? [])],
  });
}
