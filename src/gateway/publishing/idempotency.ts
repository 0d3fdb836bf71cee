import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { declaredIdempotencyLimits, defaultPublicationLimits } from "../../limits/publications.js";

const { answers, bytes, ageSeconds } = declaredIdempotencyLimits;

export interface IdempotencyLimits {
  /** Answers that are remembered; the oldest goes for a new one. */
  readonly entries: number;
  /** What they may hold together, in bytes. */
  readonly bytes: number;
  /** How long an answer is remembered, in milliseconds. */
  readonly ageMs: number;
  /** Longest key, in bytes. */
  readonly keyBytes: number;
}

export const defaultIdempotencyLimits: IdempotencyLimits = Object.freeze({
  entries: answers.default,
  bytes: bytes.default,
  ageMs: ageSeconds.default * 1000,
  // A key may be as long as an event id.
  keyBytes: defaultPublicationLimits.idBytes,
});

/** What an answer costs beside its name and itself. */
const entryBytes = 200;

interface Remembered<Answer> {
  readonly answer: Answer;
  readonly bytes: number;
  readonly untilMs: number;
}

/** One attempt to do something once. */
export interface Attempt {
  /** Whose key it is: keys of different publishers never meet. */
  readonly publisher: string;
  /** The publisher's `Idempotency-Key`. */
  readonly key: string;
}

/**
 * Remembers the first answer to each key for a while, so that a repeat is answered with it and does nothing. A repeat
 * while the first is still under way waits for it. A failure is told to those who wait, and forgotten: the next one
 * tries anew. What is under way is not bounded here: each waits on a connection of its own, and those are.
 */
export class IdempotencyWindow<Answer> {
  readonly #sizeOf: (answer: Answer) => number;
  readonly #clock: Clock;
  readonly #limits: IdempotencyLimits;
  readonly #underWay = new Map<string, Promise<Answer>>();
  /** In the order in which they were given. */
  readonly #answers = new Map<string, Remembered<Answer>>();
  #bytes = 0;

  /** @param options.sizeOf what an answer holds, in bytes; by default nothing that matters */
  constructor(options: {
    readonly clock: Clock;
    readonly limits?: Partial<IdempotencyLimits>;
    readonly sizeOf?: (answer: Answer) => number;
  }) {
    this.#clock = options.clock;
    this.#sizeOf = options.sizeOf ?? (() => 0);
    this.#limits = { ...defaultIdempotencyLimits, ...options.limits };
  }

  /** Answers that are remembered at the moment. */
  get size(): number {
    return this.#answers.size;
  }

  /**
   * Does the work, unless it has been done or is being done under this key. Only the key counts, not what the request
   * says besides.
   *
   * @throws PharosError `bad-request` for a key that is empty, too long or holds control characters; else what the
   *   work throws
   */
  async once({ publisher, key }: Attempt, work: () => Promise<Answer>): Promise<Answer> {
    this.#checkKey(key);
    // Of two texts together only one pair can be meant: the first is quoted.
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

  /** All are remembered for the same time, so the oldest is the first to go. */
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
        `an Idempotency-Key has 1 to ${keyBytes} bytes and no control characters`,
      );
  }
}
