/** What is wanted of a stream at one moment. */
export interface DesiredFilter {
  readonly filters: readonly string[];
  /** Those whose retained values have not come yet. */
  readonly added: readonly string[];
  /** Counts the wishes. */
  readonly number: number;
}

interface Waiting {
  readonly number: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The filters that are wanted, those of them whose retained values are still to come, and who waits for them. */
export class DesiredFilters {
  #filters: readonly string[];
  #added: Set<string> = new Set();
  /** Those whose retained values the stream that is open was asked for. */
  #asked: readonly string[] = [];
  readonly #waiting: Waiting[] = [];
  #number = 0;

  constructor(filters: readonly string[]) {
    this.#filters = filters;
  }

  get filters(): readonly string[] {
    return this.#filters;
  }

  /** `again` counts as new, too. Rejections are handled, so that who does not wait is not told of them either. */
  follow(filters: readonly string[], again: readonly string[] = []): Promise<void> {
    const isNew = (filter: string): boolean => this.#added.has(filter) || !this.#filters.includes(filter);
    this.#added = new Set([...filters.filter(isNew), ...again]);
    this.#filters = filters;
    this.#number += 1;
    const followed = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ number: this.#number, resolve, reject });
    });
    followed.catch(() => undefined);
    return followed;
  }

  now(): DesiredFilter {
    return { filters: this.#filters, added: [...this.#added], number: this.#number };
  }

  /** A stream has begun with this wish. */
  met({ filters, number }: DesiredFilter): void {
    this.#asked = filters;
    // Each counts one more than the one before.
    while ((this.#waiting[0]?.number ?? Infinity) <= number) this.#waiting.shift()?.resolve();
  }

  /** The retained values have come: what comes behind them has. Until then a stream that breaks asks for them again. */
  begun(): void {
    for (const filter of this.#asked) this.#added.delete(filter);
    this.#asked = [];
  }

  /** The server will not: what the open stream follows is what is wanted again. */
  refuse(error: Error, filters: readonly string[]): void {
    this.#added = new Set([...this.#added].filter((filter) => filters.includes(filter)));
    this.#filters = filters;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
