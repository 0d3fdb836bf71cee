import { createHash } from "node:crypto";
import type { Clock } from "../../base/clock.js";
import { filterSetKey } from "../../hub/filters/filter.js";
import { IdempotencyWindow } from "./idempotency.js";
import type { IdempotencyLimits } from "./idempotency.js";
import type { GatewayRequest } from "../http/messages.js";
import type { PublisherIdentity } from "./publisher.js";

/** Event ids in the order of their publications. */
export type Ids = readonly string[];

/**
 * Publishes once what is sent again and again under one `Idempotency-Key`, whichever way in each attempt takes: a repeat
 * gets the first answer, whatever it holds, and publishes nothing.
 */
export class PublishOnce {
  readonly #window: IdempotencyWindow<Ids>;

  constructor(options: { readonly clock: Clock; readonly limits?: Partial<IdempotencyLimits> }) {
    this.#window = new IdempotencyWindow<Ids>({ ...options, sizeOf: bytesOf });
  }

  /**
   * The ids of what the request publishes, or has published before; without a key it is published in any case.
   *
   * @throws PharosError `bad-request` for a key that cannot be; else what the work throws
   */
  ids(request: GatewayRequest, publisher: PublisherIdentity, work: () => Promise<Ids>): Promise<Ids> {
    const key = request.header("idempotency-key");
    return key === undefined ? work() : this.#window.once({ publisher: nameOf(publisher), key }, work);
  }
}

/**
 * Publishers with one subject of one issuer and the same rights share their keys; others never meet. The rights count,
 * since older tokens often name nobody, and whoever may not publish is not to learn what another's key was answered with.
 */
function nameOf(publisher: PublisherIdentity): string {
  if (publisher === "open") return "open";
  const { issuer, subject, publish: granted } = publisher;
  const name = JSON.stringify([issuer, subject, filterSetKey(granted)]);
  // A token names its bearer in up to 12 KB.
  return createHash("sha256").update(name).digest("base64url");
}

/** What ids take, their strings' headers included. */
function bytesOf(ids: Ids): number {
  return ids.reduce((sum, id) => sum + id.length + 32, 0);
}
