import { PharosError } from "../base/errors.js";
import { kindOfValue, quoteValue } from "../base/quote-value.js";
import { parseEpoch } from "../hub/publications/position.js";
import type { Epoch } from "../hub/publications/position.js";
import { parseHubTopic } from "../hub/topics/topic.js";
import type { Topic } from "../hub/topics/topic.js";

/** Reads the fields of an item that a part of the journal has saved. Each method throws `bad-snapshot` for another value. */
export class SnapshotItem {
  readonly #part: string;
  readonly #fields: ReadonlyMap<string, unknown>;

  /** @param part the name of the part, for messages */
  constructor(part: string, item: unknown) {
    this.#part = part;
    if (typeof item !== "object" || item === null || Array.isArray(item))
      throw this.#error(`an item must be an object, not ${kindOfValue(item)}`);
    this.#fields = new Map(Object.entries(item));
  }

  /** All fields. */
  get all(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#fields);
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** The value of a field, whatever it is; undefined without the field. */
  value(name: string): unknown {
    return this.#fields.get(name);
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    if (typeof value === "string") return value;
    throw this.#wrong(name, "a text");
  }

  /** A whole number from 0. Offsets and times are such numbers. */
  count(name: string): number {
    const value = this.#fields.get(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#wrong(name, "a whole number from 0");
  }

  flag(name: string): boolean {
    const value = this.#fields.get(name);
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, "true or false");
  }

  texts(name: string): readonly string[] {
    const value = this.#fields.get(name);
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
    throw this.#wrong(name, "a list of texts");
  }

  epoch(name: string): Epoch {
    const text = this.text(name);
    const epoch = parseEpoch(text);
    if (epoch === undefined) throw this.#error(`${name} must be an epoch, not ${quoteValue(text)}`);
    return epoch;
  }

  topic(name: string): Topic {
    return this.#topicOf(name, this.text(name));
  }

  /** At least one topic. */
  topics(name: string): readonly [Topic, ...Topic[]] {
    const [first, ...others] = this.texts(name).map((text) => this.#topicOf(name, text));
    if (first === undefined) throw this.#error(`${name} must have a topic`);
    return [first, ...others];
  }

  /** The limit on the length of a topic does not apply: it may have changed since. */
  #topicOf(name: string, text: string): Topic {
    try {
      return parseHubTopic(text, Infinity);
    } catch (cause) {
      throw this.#error(`${name} must not have the topic ${quoteValue(text)}`, cause);
    }
  }

  #wrong(name: string, allowed: string): PharosError {
    return this.#error(`${name} must be ${allowed}, not ${kindOfValue(this.#fields.get(name))}`);
  }

  #error(what: string, cause?: unknown): PharosError {
    const message = `the part "${this.#part}" of a snapshot is damaged: ${what}`;
    return new PharosError("bad-snapshot", message, { cause });
  }
}
