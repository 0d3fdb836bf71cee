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

  /** Changes the limits. They count from the next call that has a time. */
  limitBy(limits: IdempotencyLimits): void {
    this.#limits = limits;
  }

  /** The answer to the first request with this name. Undefined if there is none, or its time is over. */
  find(name: string, nowMs: number): Ids | undefined {
    this.#forget(nowMs);
    return this.#byName.get(name)?.ids;
  }

  /** Remembers an answer. Call {@link find} first: the first answer counts. */
  remember(name: string, ids: Ids, nowMs: number): void {
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
    const { answers, bytes: mostBytes, ageSeconds } = this.#limits;
    for (const [name, { atMs, bytes }] of this.#byName) {
      const isExpired = atMs + ageSeconds * 1000 <= nowMs;
      if (!isExpired && this.#byName.size <= answers && this.#bytes <= mostBytes) return;
      this.#byName.delete(name);
      this.#bytes -= bytes;
    }
  }
}

function* itemsOf(answers: readonly Answer[]): Generator<unknown, void> {
  for (const { name, ids, atMs } of answers) yield { name, ids, at: atMs };
}
