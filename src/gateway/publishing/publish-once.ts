import { createHash } from "node:crypto";
import type { Clock } from "../../base/clock.js";
import { filterSetKey } from "../../hub/filters/filter.js";
import { IdempotencyWindow } from "./idempotency.js";
import type { IdempotencyLimits } from "./idempotency.js";
import type { GatewayRequest } from "../http/messages.js";
import type { PublisherIdentity } from "./publisher.js";

/** The event ids of publications, in order. */
export type Ids = readonly string[];

/**
 * Publishes once for each `Idempotency-Key`, in all protocols together. A repeated request publishes nothing and gets the
 * answer of the first one, also if its body differs.
 */
export class PublishOnce {
  readonly #window: IdempotencyWindow<Ids>;

  constructor(options: { readonly clock: Clock; readonly limits?: Partial<IdempotencyLimits> }) {
    this.#window = new IdempotencyWindow<Ids>({ ...options, sizeOf: bytesOf });
  }

  /**
   * The event ids of the publications, new or from the first request with this key. Without a key `work` always runs.
   *
   * @throws PharosError `bad-request` for a malformed key; the errors of `work`
   */
  ids(request: GatewayRequest, publisher: PublisherIdentity, work: () => Promise<Ids>): Promise<Ids> {
    const key = request.header("idempotency-key");
    return key === undefined ? work() : this.#window.once({ publisher: nameOf(publisher), key }, work);
  }
}

/**
 * Publishers with the same issuer, subject and rights share their keys; all others have keys of their own. Older tokens
 * often have no subject, so the rights count too: otherwise a publisher could read the answers of another one.
 */
function nameOf(publisher: PublisherIdentity): string {
  if (publisher === "open") return "open";
  const { issuer, subject, publish: granted } = publisher;
  const name = JSON.stringify([issuer, subject, filterSetKey(granted)]);
  // Issuer, subject and rights can have up to 12 KB.
  return createHash("sha256").update(name).digest("base64url");
}

/** The memory of ids; 32 bytes for the header of each string. */
function bytesOf(ids: Ids): number {
  return ids.reduce((sum, id) => sum + id.length + 32, 0);
}
