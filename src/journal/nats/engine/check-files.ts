import { X509Certificate } from "node:crypto";
import { credsAuthenticator } from "@nats-io/transport-node";
import { PharosError } from "../../../base/errors.js";
import type { EngineOptions } from "./engine.js";

/**
 * Checks the credentials and the certificates before the first attempt to connect: a fault in them looks like an engine
 * that does not respond.
 *
 * @throws PharosError `bad-config` if they cannot be used
 */
export function checkFiles({ credentials, ca }: Pick<EngineOptions, "credentials" | "ca">): void {
  if (credentials !== undefined)
    check(
      () => credsAuthenticator(Buffer.from(credentials))(""),
      "journalCredentials: the file must be a .creds file of NATS, with a JWT and a seed",
    );
  if (ca !== undefined)
    check(() => new X509Certificate(ca), "journalCa: the file must begin with a certificate in PEM");
}

function check(use: () => unknown, fault: string): void {
  try {
    use();
  } catch (error) {
    throw new PharosError("bad-config", fault, { cause: error });
  }
}
