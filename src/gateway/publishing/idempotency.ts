import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Ids } from "../../journal/answers.js";
import type { Journal } from "../../journal/journal.js";
import { defaultPublicationLimits } from "../../limits/publications.js";
import type { PublicationLimits } from "../../limits/publications.js";

export interface IdempotencyWindowOptions {
  /** Remembers the answers. */
  readonly journal: Pick<Journal, "answerTo">;
  /** A key may have as many bytes as an event id. Read at each use. @default defaultPublicationLimits */
  readonly limits?: Pick<PublicationLimits, "idBytes">;
}

/** One call to {@link IdempotencyWindow.once}. */
export interface Attempt {
  /** The owner of the key. Keys of different publishers are independent. */
  readonly publisher: string;
  /** The publisher's `Idempotency-Key`. */
  readonly key: string;
}

/** Publishes a group with this name, and returns its event ids. */
export type NamedWork = (once: string) => Promise<Ids>;

/**
 * Does the work of the first request with a key. A repeated request gets the answer of the first, and the work does not
 * run again. If the first request is still running, the repeated request waits for its result. A failure is not
 * remembered: all waiting requests get the error, and the next request runs the work again. The amount of running work
 * has no limit here: each request has its own connection, and connections are limited.
 */
export class IdempotencyWindow {
  readonly #options: IdempotencyWindowOptions;
  readonly #underWay = new Map<string, Promise<Ids>>();

  constructor(options: IdempotencyWindowOptions) {
    this.#options = options;
  }

  /**
   * Runs the work, unless the work for this key is done or running. The method compares only the key, not the rest of
   * the request.
   *
   * @param work gets the name of the group to begin in the journal
   * @throws PharosError `bad-request` for a key that is empty, too long or holds control characters; the errors of
   *   `work`
   */
  async once({ publisher, key }: Attempt, work: NamedWork): Promise<Ids> {
    this.#checkKey(key);
    // The publisher is quoted, so that different pairs never give the same name.
    const name = `${JSON.stringify(publisher)} ${key}`;
    const known = this.#options.journal.answerTo(name);
    if (known !== undefined) return known;
    return this.#underWay.get(name) ?? this.#begin(name, work);
  }

  #begin(name: string, work: NamedWork): Promise<Ids> {
    const done = Promise.resolve(name)
      .then(work)
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, done);
    return done;
  }

  #checkKey(key: string): void {
    const { idBytes } = this.#options.limits ?? defaultPublicationLimits;
    const bytes = Buffer.byteLength(key);
    if (bytes < 1 || bytes > idBytes)
      throw new PharosError("bad-request", `Idempotency-Key must have 1 to ${idBytes} bytes, not ${bytes}`);
    if (/\p{Cc}/u.test(key))
      throw new PharosError(
        "bad-request",
        `Idempotency-Key must have no control characters, not ${quoteValue(key)}`,
      );
  }
}
