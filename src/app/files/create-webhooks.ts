import type { Live } from "../../base/live/live.js";
import type { Config } from "../../config/config.js";
import { nameOfNode } from "../../config/name-of-node.js";
import { Webhooks, type WebhooksOptions } from "../../webhooks/webhooks.js";
import { readWebhookCa } from "./read-webhook-ca.js";

/**
 * The webhooks of this hub. A reload can switch them on and off.
 *
 * @throws PharosError `bad-config` if the file of `--webhook-ca` cannot be used
 */
export function createWebhooks(
  { current: settings }: Live<Config>,
  { clock, logger, metrics }: Pick<WebhooksOptions, "clock" | "logger" | "metrics">,
): Webhooks {
  return new Webhooks({
    settings,
    ca: readWebhookCa(settings),
    node: nameOfNode(settings),
    clock,
    logger,
    metrics,
  });
}
