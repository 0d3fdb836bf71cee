import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { declaredIdempotencyLimits, defaultPublicationLimits } from "../../limits/publications.js";

const { answers, bytes, ageSeconds } = declaredIdempotencyLimits;

export interface IdempotencyLimits {
  /** The most remembered answers. A new answer replaces the oldest one. */
  readonly entries: number;
  /** The most bytes of all answers together. */
  readonly bytes: number;
  /** The time that the hub remembers an answer, in milliseconds. */
  readonly ageMs: number;
  /** The most bytes of a key. */
  readonly keyBytes: number;
}

const defaultIdempotencyLimits: IdempotencyLimits = Object.freeze({
  entries: answers.default,
  bytes: bytes.default,
  ageMs: ageSeconds.default * 1000,
  // A key may be as long as an event id.
  keyBytes: defaultPublicationLimits.idBytes,
});

/** The memory of an entry without its name and its answer. */
const entryBytes = 200;

interface Remembered<Answer> {
  readonly answer: Answer;
  readonly bytes: number;
  readonly untilMs: number;
}

/** One attempt at work that is to be done once. */
export interface Attempt {
  /** The owner of the key. Keys of different publishers are independent. */
  readonly publisher: string;
  /** The publisher's `Idempotency-Key`. */
  readonly key: string;
}

/**
 * Remembers the first answer to each key for some time. A repeated request gets that answer and does nothing. If the
 * first request is still running, the repeat waits for its result. It does not remember a failure: all waiting requests
 * get it, and the next one tries again. The work in progress has no limit here, since each request has a connection of
 * its own, and connections are limited.
 */
export class IdempotencyWindow<Answer> {
  readonly #sizeOf: (answer: Answer) => number;
  readonly #clock: Clock;
  readonly #limits: IdempotencyLimits;
  readonly #underWay = new Map<string, Promise<Answer>>();
  /** The oldest first. */
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
   * Does the work, unless work under this key is done or has begun. Only the key is compared, not the rest of the
   * request.
   *
   * @throws PharosError `bad-request` for a key that is empty, too long or holds control characters; the errors of `work`
   */
  async once({ publisher, key }: Attempt, work: () => Promise<Answer>): Promise<Answer> {
    this.#checkKey(key);
    // The first text is quoted, so that different pairs never give the same name.
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

  /** All answers are remembered for the same time, so the oldest one expires first. */
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
    if (key === "" || Buffer.byteLength(key) > keyBytes || /\p{Cc}/u.test(key))
      throw new PharosError(
        "bad-request",
        `Idempotency-Key must have 1 to ${keyBytes} bytes and no control characters`,
      );
  }
}
