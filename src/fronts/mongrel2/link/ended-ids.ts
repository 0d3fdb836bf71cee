/** Of so many it is known for certain; twice as many at most. Forgetting one costs its frames being read. */
const generation = 4096;

/**
 * The connections that were closed from this side last, or are about to be. What a client had sent by then still comes, frame by frame, and
 * is for nobody: a run of the server never gives an id twice.
 */
export class EndedIds {
  #young = new Set<number>();
  #old: ReadonlySet<number> = new Set();

  add(id: number): void {
    if (this.#young.has(id)) return;
    if (this.#young.size >= generation) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
  }

  has(id: number): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  /** Another run of the server gives them anew. */
  clear(): void {
    this.#young.clear();
    this.#old = new Set();
  }
}
