import { createHash } from "node:crypto";
import { filterSetKey } from "../../hub/filters/filter.js";
import type { Ids } from "../../journal/answers.js";
import { IdempotencyWindow } from "./idempotency.js";
import type { IdempotencyWindowOptions } from "./idempotency.js";
import type { GatewayRequest } from "../http/messages.js";
import type { PublisherIdentity } from "./publisher.js";

/**
 * Publishes once for each `Idempotency-Key`, across all protocols. A repeated request publishes nothing and gets the
 * response to the first request, even if the bodies differ.
 */
export class PublishOnce {
  readonly #window: IdempotencyWindow;

  constructor(options: IdempotencyWindowOptions) {
    this.#window = new IdempotencyWindow(options);
  }

  /**
   * Returns the event ids of the publications. If an earlier request had the same key, these are the ids of the first
   * request with this key. Without a key, `work` always runs.
   *
   * @param work publishes a group in the journal, under the name that it gets
   *
   * @throws PharosError `bad-request` for a malformed key; the errors of `work`
   */
  ids(
    request: GatewayRequest,
    publisher: PublisherIdentity,
    work: (once?: string) => Promise<Ids>,
  ): Promise<Ids> {
    const key = request.header("idempotency-key");
    return key === undefined ? work() : this.#window.once({ publisher: nameOf(publisher), key }, work);
  }
}

/**
 * The owner's name for a key. Publishers with the same issuer, subject and rights share their keys; each other
 * publisher has its own keys. Older tokens often have no subject, so the name includes the rights. Without the
 * rights, a publisher could read responses that belong to another publisher.
 */
function nameOf(publisher: PublisherIdentity): string {
  if (publisher === "open") return "open";
  const { issuer, subject, publish: granted } = publisher;
  const name = JSON.stringify([issuer, subject, filterSetKey(granted)]);
  // A hash makes the name short: issuer, subject and rights can have up to 12 KB.
  return createHash("sha256").update(name).digest("base64url");
}
