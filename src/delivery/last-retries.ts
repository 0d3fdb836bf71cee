import { spreadWait } from "../base/waits/spread-wait.js";
import type { FanoutLimits } from "../limits/fanout.js";
import type { FanoutCohort } from "./cohort-source.js";

/**
 * The different times of one cohort. Streams of a cohort with the same time share the bytes, so that the front behind
 * Mongrel2 names many streams in one message. With the default time, the clients return in steps of 39 ms.
 */
const times = 64;

/**
 * The last bytes of the streams of a hub that stops: the time after which the client reconnects. The time of each stream
 * is random. A publication with a `retry` may have given all its subscribers the same time.
 */
export class LastRetries {
  readonly #limits: Pick<FanoutLimits, "retryMs">;
  readonly #encoded = new WeakMap<FanoutCohort, Map<number, Buffer>>();

  constructor(limits: Pick<FanoutLimits, "retryMs">) {
    this.#limits = limits;
  }

  /** Empty if the clients of the cohort know no such time. */
  next(cohort: FanoutCohort): Buffer {
    const encoded = this.#encoded.get(cohort) ?? new Map<number, Buffer>();
    this.#encoded.set(cohort, encoded);
    const step = Math.floor(Math.random() * times);
    const bytes = encoded.get(step) ?? cohort.retry(spreadWait(this.#limits.retryMs, step / times));
    encoded.set(step, bytes);
    return bytes;
  }
}
