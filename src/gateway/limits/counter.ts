/** A count for each key. The counter uses no memory for keys with a count of 0. */
export class Counter {
  readonly #counts = new Map<string, number>();

  /** The keys with a count above 0. */
  keys(): Iterable<string> {
    return this.#counts.keys();
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  remove(key: string): void {
    const left = this.of(key) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
