/**
 * The class remembers at least this many ids, and at most twice as many. The link parses further frames of a forgotten
 * id again.
 */
const idsInGeneration = 4096;

/**
 * The ids of connections that the hub has closed recently, or is about to close. Requests that these clients sent
 * earlier still arrive, and the link ignores them. One run of the server, from its start to its end, never uses an id
 * twice.
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

  /** Call this method when the server has restarted, because a new run of the server uses the ids again. */
  clear(): void {
    this.#young.clear();
    this.#old = new Set();
  }
}
