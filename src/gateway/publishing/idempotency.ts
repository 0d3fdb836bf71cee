import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { declaredIdempotencyLimits, defaultPublicationLimits } from "../../limits/publications.js";

const { answers, bytes, ageSeconds } = declaredIdempotencyLimits;

export interface IdempotencyLimits {
  /** The most answers in memory. A new answer replaces the oldest one. */
  readonly entries: number;
  /** The most bytes of all answers together. */
  readonly bytes: number;
  /** The number of milliseconds for which the hub stores an answer. */
  readonly ageMs: number;
  /** The most bytes of a key. */
  readonly keyBytes: number;
}

const defaultIdempotencyLimits: IdempotencyLimits = Object.freeze({
  entries: answers.default,
  bytes: bytes.default,
  ageMs: ageSeconds.default * 1000,
  // A key may have as many bytes as an event id.
  keyBytes: defaultPublicationLimits.idBytes,
});

/** The bytes of memory for an entry, without its name and its answer. */
const entryBytes = 200;

interface Remembered<Answer> {
  readonly answer: Answer;
  readonly bytes: number;
  readonly untilMs: number;
}

/** One call to {@link IdempotencyWindow.once}. */
export interface Attempt {
  /** The owner of the key. Keys of different publishers are independent. */
  readonly publisher: string;
  /** The publisher's `Idempotency-Key`. */
  readonly key: string;
}

/**
 * Stores the first answer to each key for a limited time. A repeated request gets the stored answer, and the work
 * does not run again. If the first request is still running, the repeated request waits for its result. The window
 * does not store a failure: all waiting requests get the error, and the next request runs the work again. The amount
 * of running work has no limit here: each request has its own connection, and connections are limited.
 */
export class IdempotencyWindow<Answer> {
  readonly #sizeOf: (answer: Answer) => number;
  readonly #clock: Clock;
  readonly #limits: IdempotencyLimits;
  readonly #underWay = new Map<string, Promise<Answer>>();
  /** The oldest answer first. */
  readonly #answers = new Map<string, Remembered<Answer>>();
  #bytes = 0;

  /** @param options.sizeOf the bytes of an answer; 0 by default */
  constructor(options: {
    readonly clock: Clock;
    readonly limits?: Partial<IdempotencyLimits>;
    readonly sizeOf?: (answer: Answer) => number;
  }) {
    this.#clock = options.clock;
    this.#sizeOf = options.sizeOf ?? (() => 0);
    this.#limits = { ...defaultIdempotencyLimits, ...options.limits };
  }

  /** The number of remembered answers. */
  get size(): number {
    return this.#answers.size;
  }

  /**
   * Runs the work, unless the work for this key is done or running. The method compares only the key, not the rest of
   * the request.
   *
   * @throws PharosError `bad-request` for a key that is empty, too long or holds control characters; the errors of
   *   `work`
   */
  async once({ publisher, key }: Attempt, work: () => Promise<Answer>): Promise<Answer> {
    this.#checkKey(key);
    // The publisher is quoted, so that different pairs never give the same name.
    const name = `${JSON.stringify(publisher)} ${key}`;
    this.#forget();
    const known = this.#answers.get(name);
    if (known !== undefined) return known.answer;
    return this.#underWay.get(name) ?? this.#begin(name, work);
  }

  #begin(name: string, work: () => Promise<Answer>): Promise<Answer> {
    const done = Promise.resolve()
      .then(work)
      .then((answer) => this.#remember(name, answer))
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, done);
    return done;
  }

  #remember(name: string, answer: Answer): Answer {
    const bytes = entryBytes + name.length + this.#sizeOf(answer);
    this.#answers.set(name, { answer, bytes, untilMs: this.#clock.monotonic() + this.#limits.ageMs });
    this.#bytes += bytes;
    this.#forget();
    return answer;
  }

  /** Removes expired answers. All answers have the same lifetime, so the oldest answer expires first. */
  #forget(): void {
    const now = this.#clock.monotonic();
    const { entries, bytes: mostBytes } = this.#limits;
    for (const [name, { untilMs, bytes }] of this.#answers) {
      if (untilMs > now && this.#answers.size <= entries && this.#bytes <= mostBytes) return;
      this.#answers.delete(name);
      this.#bytes -= bytes;
    }
  }

  #checkKey(key: string): void {
    const { keyBytes } = this.#limits;
    const bytes = Buffer.byteLength(key);
    if (bytes < 1 || bytes > keyBytes)
      throw new PharosError("bad-request", `Idempotency-Key must have 1 to ${keyBytes} bytes, not ${bytes}`);
    if (/\p{Cc}/u.test(key))
      throw new PharosError(
        "bad-request",
        `Idempotency-Key must have no control characters, not ${quoteValue(key)}`,
      );
  }
}
