/**
 * The class remembers at least this many ids, and at most twice as many. If an id is forgotten, the link parses the
 * frames of that id.
 */
const idsInGeneration = 4096;

/**
 * The ids of connections that the hub has closed recently, or is about to close. Earlier requests of these clients
 * still arrive, and the link ignores these requests. A run of the server never uses an id twice.
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

  /** Call this method for a new run of the server, because a new run uses the ids again. */
  clear(): void {
    this.#young.clear();
    this.#old = new Set();
  }
}
