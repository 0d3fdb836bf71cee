/**
 * At least this many ids are remembered, at most twice as many. A forgotten id costs the reading of its frames.
 */
const idsInGeneration = 4096;

/**
 * The ids of connections that the hub has closed recently, or is about to close. Earlier requests of their clients
 * still arrive; the link ignores them. A run of the server never uses an id twice.
 */
export class EndedIds {
  #young = new Set<number>();
  #old: ReadonlySet<number> = new Set();

  add(id: number): void {
    if (this.#young.has(id)) return;
    if (this.#young.size >= idsInGeneration) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
  }

  has(id: number): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  /** Call it for a new run of the server, which uses the ids again. */
  clear(): void {
    this.#young.clear();
    this.#old = new Set();
  }
}
