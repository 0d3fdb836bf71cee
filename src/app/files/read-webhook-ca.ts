import { X509Certificate } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import type { Config } from "../../config/config.js";
import { readSettingFile } from "./read-setting-file.js";

/**
 * Reads the certificates for the receiver of webhooks; undefined if none are configured.
 *
 * @throws PharosError `bad-config` if the file cannot be used
 */
export function readWebhookCa({ webhookCa }: Pick<Config, "webhookCa">): string | undefined {
  if (webhookCa === undefined) return undefined;
  const ca = readSettingFile("webhookCa", webhookCa);
  try {
    void new X509Certificate(ca).subject;
  } catch (cause) {
    throw new PharosError("bad-config", "webhookCa: the file must begin with a certificate in PEM", {
      cause,
    });
  }
  return ca;
}
