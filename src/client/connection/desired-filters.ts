/** A copy of the desired filters at one moment. */
export interface FilterSnapshot {
  readonly filters: readonly string[];
  /** Filters whose retained values have not arrived yet. */
  readonly added: readonly string[];
  /** The number of the last change of the filters, counted from 1. */
  readonly version: number;
}

interface PendingChange {
  readonly version: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The filters that the program wants, the filters that still need retained values, and the unconfirmed changes. */
export class DesiredFilters {
  #filters: readonly string[];
  #added: Set<string> = new Set();
  /** The filters of the open stream, until its retained values have arrived. */
  #opened: readonly string[] = [];
  readonly #pending: PendingChange[] = [];
  #version = 0;

  constructor(filters: readonly string[]) {
    this.#filters = filters;
  }

  get filters(): readonly string[] {
    return this.#filters;
  }

  /**
   * Changes the filters. The hub sends the retained values of new filters, and also of the filters in `again`. Resolves
   * when a stream has opened with these filters. Callers may ignore the promise, because this class handles its
   * rejection.
   */
  follow(filters: readonly string[], again: readonly string[] = []): Promise<void> {
    const isNew = (filter: string): boolean => this.#added.has(filter) || !this.#filters.includes(filter);
    this.#added = new Set([...filters.filter(isNew), ...again]);
    this.#filters = filters;
    this.#version += 1;
    const confirmed = new Promise<void>((resolve, reject) => {
      this.#pending.push({ version: this.#version, resolve, reject });
    });
    confirmed.catch(() => undefined);
    return confirmed;
  }

  current(): FilterSnapshot {
    return { filters: this.#filters, added: [...this.#added], version: this.#version };
  }

  /** Call this method when a stream has opened with the filters of this snapshot. */
  confirm({ filters, version }: FilterSnapshot): void {
    this.#opened = filters;
    // Versions grow by one with each change, so the oldest pending change is the first in the list.
    while ((this.#pending[0]?.version ?? Infinity) <= version) this.#pending.shift()?.resolve();
  }

  /**
   * Call this method when all retained values of the open stream have arrived. If a stream breaks before this call, the
   * next stream requests the retained values again.
   */
  endRetained(): void {
    for (const filter of this.#opened) this.#added.delete(filter);
    this.#opened = [];
  }

  /**
   * Call this method when the server has refused the change. The filters are reset to `filters`, the filters of the
   * open stream.
   */
  reject(error: Error, filters: readonly string[]): void {
    this.#added = new Set([...this.#added].filter((filter) => filters.includes(filter)));
    this.#filters = filters;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}
