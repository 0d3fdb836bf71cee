import type { Config } from "../../config/config.js";
import { readWebhookCa } from "../files/read-webhook-ca.js";
import type { Check } from "./check.js";

/** Checks the certificates for the receiver of webhooks. */
export function webhookChecks(config: Pick<Config, "webhookCa">): readonly Check[] {
  const { webhookCa } = config;
  if (webhookCa === undefined) return [];
  return [{ what: `--webhook-ca ${webhookCa}`, run: () => void readWebhookCa(config) }];
}
