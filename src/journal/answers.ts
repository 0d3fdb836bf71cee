import { defaultIdempotencyLimits } from "../limits/publications.js";
import type { IdempotencyLimits } from "../limits/publications.js";
import { SnapshotItem } from "./snapshot-item.js";
import type { SnapshotPart } from "./snapshot-part.js";

/** The event ids of publications, in order. */
export type Ids = readonly string[];

/** The bytes of memory for an answer, without its name and its ids. */
const answerBytes = 200;

/** The bytes of memory for an id, without its text. */
const idBytes = 32;

interface Answer {
  readonly name: string;
  readonly ids: Ids;
  readonly atMs: number;
  readonly bytes: number;
}

/**
 * The event ids that publishers got for their `Idempotency-Key`, for a limited time. The caller passes the time, and time
 * never goes back: in memory it is that of the process, with a log it is that of the log.
 */
export class Answers implements SnapshotPart {
  readonly name = "answers";
  #limits: IdempotencyLimits;
  /** The oldest answer first. */
  readonly #byName = new Map<string, Answer>();
  #bytes = 0;

  constructor(limits: IdempotencyLimits = defaultIdempotencyLimits) {
    this.#limits = limits;
  }

  /** The number of remembered answers. */
  get size(): number {
    return this.#byName.size;
  }

  /** Changes the limits, and forgets the answers above them. */
  limitBy(limits: IdempotencyLimits): void {
    this.#limits = limits;
    this.#forget(Number.NEGATIVE_INFINITY);
  }

  /**
   * The answer to the first request with this name. Undefined if there is none, or its time is over. Changes nothing:
   * hubs on one log call this at different times, and must forget the same answers.
   */
  find(name: string, nowMs: number): Ids | undefined {
    const answer = this.#byName.get(name);
    return answer === undefined || this.#isExpired(answer, nowMs) ? undefined : answer.ids;
  }

  /** Remembers an answer, and forgets expired ones. Call {@link find} first: the first answer counts. */
  remember(name: string, ids: Ids, nowMs: number): void {
    this.#forget(nowMs);
    this.#add({ name, ids, atMs: nowMs });
    this.#forget(nowMs);
  }

  save(): Iterable<unknown> {
    return itemsOf([...this.#byName.values()]);
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    this.#add({ name: fields.text("name"), ids: fields.texts("ids"), atMs: fields.count("at") });
  }

  #add({ name, ids, atMs }: Omit<Answer, "bytes">): void {
    const bytes = ids.reduce((sum, id) => sum + id.length + idBytes, answerBytes + name.length);
    this.#byName.set(name, { name, ids, atMs, bytes });
    this.#bytes += bytes;
  }

  /** Removes expired answers. All answers have the same lifetime, so the oldest answer expires first. */
  #forget(nowMs: number): void {
    const { answers, bytes: mostBytes } = this.#limits;
    for (const [name, answer] of this.#byName) {
      const isWithin = this.#byName.size <= answers && this.#bytes <= mostBytes;
      if (isWithin && !this.#isExpired(answer, nowMs)) return;
      this.#byName.delete(name);
      this.#bytes -= answer.bytes;
    }
  }

  #isExpired({ atMs }: Answer, nowMs: number): boolean {
    return atMs + this.#limits.ageSeconds * 1000 <= nowMs;
  }
}

function* itemsOf(answers: readonly Answer[]): Generator<unknown, void> {
  for (const { name, ids, atMs } of answers) yield { name, ids, at: atMs };
}
