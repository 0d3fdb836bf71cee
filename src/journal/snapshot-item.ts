import { PharosError } from "../base/errors.js";
import { kindOfValue, quoteValue } from "../base/quote-value.js";

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

  has(name: string): boolean {
    return this.#fields.has(name);
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

  /** The value that `parse` returns for a text. `parse` returns undefined, or throws, for a text that is not allowed. */
  parsed<T>(name: string, parse: (text: string) => T | undefined): T {
    const text = this.text(name);
    const value = parse(text);
    if (value === undefined) throw this.#error(`${name} must not be ${quoteValue(text)}`);
    return value;
  }

  #wrong(name: string, allowed: string): PharosError {
    return this.#error(`${name} must be ${allowed}, not ${kindOfValue(this.#fields.get(name))}`);
  }

  #error(what: string): PharosError {
    return new PharosError("bad-snapshot", `the part "${this.#part}" of a snapshot is damaged: ${what}`);
  }
}
