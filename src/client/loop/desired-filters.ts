/** A copy of the desired filters at one moment. */
export interface FilterSnapshot {
  readonly filters: readonly string[];
  /** Filters whose retained values have not arrived yet. */
  readonly added: readonly string[];
  /** The number of the last change of the filters, counted from 1. */
  readonly version: number;
}

export interface FollowOptions {
  /** Filters whose retained values are requested once more, for a reader that has not received these values. */
  readonly again?: readonly string[];
  /** Called when a stream has opened with these filters, before any of its events arrives. */
  readonly onOpen?: () => void;
}

interface PendingChange {
  readonly version: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The filters that the program wants, the filters that still need retained values, and the unconfirmed changes. */
export class DesiredFilters {
  #filters: readonly string[];
  /** The filters that still need retained values, each with the version of the change that needs the values. */
  readonly #added = new Map<string, number>();
  /** The version of the open stream, until its retained values have arrived; then 0. */
  #openedVersion = 0;
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
  follow(filters: readonly string[], { again = [], onOpen }: FollowOptions = {}): Promise<void> {
    this.#version += 1;
    const version = this.#version;
    const isNew = (filter: string): boolean => again.includes(filter) || !this.#filters.includes(filter);
    this.#keepAdded((filter) => filters.includes(filter));
    for (const filter of filters.filter(isNew)) this.#added.set(filter, version);
    this.#filters = filters;
    const confirmed = new Promise<void>((resolve, reject) => {
      this.#pending.push({
        version,
        resolve: () => {
          onOpen?.();
          resolve();
        },
        reject,
      });
    });
    confirmed.catch(() => undefined);
    return confirmed;
  }

  current(): FilterSnapshot {
    return { filters: this.#filters, added: [...this.#added.keys()], version: this.#version };
  }

  /** Call this method when a stream has opened with the filters of this snapshot. */
  confirm({ version }: FilterSnapshot): void {
    this.#openedVersion = version;
    // Versions grow by one with each change, so the oldest pending change is the first in the list.
    while ((this.#pending[0]?.version ?? Infinity) <= version) this.#pending.shift()?.resolve();
  }

  /**
   * Call this method when all retained values of the open stream have arrived. If a stream breaks before this call, the
   * next stream requests the retained values again. A change after the stream opened needs its values from the next
   * stream.
   */
  endRetained(): void {
    if (this.#openedVersion === 0) return;
    this.#keepAdded((_filter, version) => version > this.#openedVersion);
    this.#openedVersion = 0;
  }

  /**
   * Call this method when the server has refused the change. The filters are reset to `filters`, the filters of the
   * open stream.
   */
  reject(error: Error, filters: readonly string[]): void {
    this.#keepAdded((filter) => filters.includes(filter));
    this.#filters = filters;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }

  #keepAdded(isKept: (filter: string, version: number) => boolean): void {
    for (const [filter, version] of this.#added) if (!isKept(filter, version)) this.#added.delete(filter);
  }
}
