import { createHmac } from "node:crypto";

const prefix = "whsec_";

/** The sizes of a secret that the specification allows, in bytes [Standard Webhooks, Signature scheme]. */
const leastBytes = 24;
const mostBytes = 64;

export const secretAllowed = `${prefix} and ${leastBytes} to ${mostBytes} bytes in base64, for instance the output of echo ${prefix}$(openssl rand -base64 32)`;

/** The bytes of a secret; undefined for any other text. The secret has the form that the libraries of receivers read. */
export function parseWebhookSecret(text: string): Buffer | undefined {
  const [, encoded = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  const isWhole = bytes.toString("base64") === encoded;
  return isWhole && bytes.length >= leastBytes && bytes.length <= mostBytes ? bytes : undefined;
}

export interface SignedMessage {
  /** The same for each attempt to deliver the message. */
  readonly id: string;
  /** The time of the attempt, in whole seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers with which a receiver verifies a message [Standard Webhooks, Webhook Headers and Signature scheme]. */
export function signWebhook(secret: Buffer, { id, timestamp, body }: SignedMessage): Record<string, string> {
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  };
}
