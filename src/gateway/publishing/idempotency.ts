import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Answers, Ids } from "../../journal/answers.js";
import { defaultPublicationLimits } from "../../limits/publications.js";

export interface IdempotencyWindowOptions {
  readonly answers: Answers;
  readonly clock: Pick<Clock, "monotonic">;
  /** The most bytes of a key. @default as many as an event id may have */
  readonly keyBytes?: number;
}

/** One call to {@link IdempotencyWindow.once}. */
export interface Attempt {
  /** The owner of the key. Keys of different publishers are independent. */
  readonly publisher: string;
  /** The publisher's `Idempotency-Key`. */
  readonly key: string;
}

/**
 * Does the work of the first request with a key. A repeated request gets the answer of the first, and the work does not
 * run again. If the first request is still running, the repeated request waits for its result. A failure is not
 * remembered: all waiting requests get the error, and the next request runs the work again. The amount of running work
 * has no limit here: each request has its own connection, and connections are limited.
 */
export class IdempotencyWindow {
  readonly #answers: Answers;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #keyBytes: number;
  readonly #underWay = new Map<string, Promise<Ids>>();

  constructor({ answers, clock, keyBytes = defaultPublicationLimits.idBytes }: IdempotencyWindowOptions) {
    this.#answers = answers;
    this.#clock = clock;
    this.#keyBytes = keyBytes;
  }

  /**
   * Runs the work, unless the work for this key is done or running. The method compares only the key, not the rest of
   * the request.
   *
   * @throws PharosError `bad-request` for a key that is empty, too long or holds control characters; the errors of
   *   `work`
   */
  async once({ publisher, key }: Attempt, work: () => Promise<Ids>): Promise<Ids> {
    this.#checkKey(key);
    // The publisher is quoted, so that different pairs never give the same name.
    const name = `${JSON.stringify(publisher)} ${key}`;
    const known = this.#answers.find(name, this.#clock.monotonic());
    if (known !== undefined) return known;
    return this.#underWay.get(name) ?? this.#begin(name, work);
  }

  #begin(name: string, work: () => Promise<Ids>): Promise<Ids> {
    const done = Promise.resolve()
      .then(work)
      .then((ids) => {
        this.#answers.remember(name, ids, this.#clock.monotonic());
        return ids;
      })
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, done);
    return done;
  }

  #checkKey(key: string): void {
    const bytes = Buffer.byteLength(key);
    if (bytes < 1 || bytes > this.#keyBytes)
      throw new PharosError(
        "bad-request",
        `Idempotency-Key must have 1 to ${this.#keyBytes} bytes, not ${bytes}`,
      );
    if (/\p{Cc}/u.test(key))
      throw new PharosError(
        "bad-request",
        `Idempotency-Key must have no control characters, not ${quoteValue(key)}`,
      );
  }
}
