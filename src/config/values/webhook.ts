import { z } from "zod";

import { parseUrl } from "../../base/url/parse-url.js";
import { parseWebhookSecret, secretAllowed } from "../../webhooks/signing/webhook-secret.js";

const urlAllowed = "an https or http URL without a user name, a password or a fragment";

/** The URL of a receiver of webhooks. */
export const webhookUrl = z.string({ error: urlAllowed }).refine((text) => {
  const url = parseUrl(text);
  if (url === undefined || !["https:", "http:"].includes(url.protocol)) return false;
  return `${url.username}${url.password}${url.hash}` === "";
}, urlAllowed);

/** The secret that signs webhooks. */
export const webhookSecret = z
  .string({ error: secretAllowed })
  .refine((text) => parseWebhookSecret(text) !== undefined, secretAllowed);
