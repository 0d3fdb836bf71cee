/** What is wanted of a stream at one moment. */
export interface Wish {
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
export class Wishes {
  #filters: readonly string[];
  #added: ReadonlySet<string> = new Set();
  /** Those whose retained values the stream that is open was asked for. */
  #asked: readonly string[] = [];
  #waiting: readonly Waiting[] = [];
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
      this.#waiting = [...this.#waiting, { number: this.#number, resolve, reject }];
    });
    followed.catch(() => undefined);
    return followed;
  }

  now(): Wish {
    return { filters: this.#filters, added: [...this.#added], number: this.#number };
  }

  /** A stream has begun with this wish. */
  met({ filters, number }: Wish): void {
    this.#asked = filters;
    const met = this.#waiting.filter((each) => each.number <= number);
    this.#waiting = this.#waiting.filter((each) => each.number > number);
    for (const { resolve } of met) resolve();
  }

  /** The retained values have come: what comes behind them has. Until then a stream that breaks asks for them again. */
  begun(): void {
    if (this.#added.size > 0 && this.#asked.length > 0)
      this.#added = new Set([...this.#added].filter((filter) => !this.#asked.includes(filter)));
    this.#asked = [];
  }

  /** The server will not: what the open stream follows is what is wanted again. */
  refuse(error: Error, filters: readonly string[]): void {
    this.#added = new Set([...this.#added].filter((filter) => filters.includes(filter)));
    this.#filters = filters;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}
