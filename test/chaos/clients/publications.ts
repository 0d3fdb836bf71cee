import type { Sent } from "../history/steps.js";

export interface Shape {
  readonly topics: readonly string[];
  readonly topicsPerPublication: number;
  readonly allowsRetained: boolean;
  readonly allowsPrivate: boolean;
}

/** Makes the publications of one publisher, each with data of its own. */
export class Publications {
  readonly #publisher: string;
  readonly #random: () => number;
  readonly #mostBytes: number;
  #count = 0;

  constructor(options: {
    /** Small letters and a number. */
    readonly name: string;
    readonly random: () => number;
    readonly mostBytes?: number;
  }) {
    this.#publisher = options.name;
    this.#random = options.random;
    this.#mostBytes = options.mostBytes ?? 200;
  }

  some(count: number, shape: Shape): readonly Sent[] {
    return Array.from({ length: count }, () => this.#one(shape));
  }

  #one({ topics, topicsPerPublication, allowsRetained, allowsPrivate }: Shape): Sent {
    this.#count += 1;
    const random = this.#random;
    const first = Math.floor(random() * topics.length);
    const several = topicsPerPublication > 1 && random() < 0.5 ? topicsPerPublication : 1;
    const chosen = Array.from({ length: several }, (_, n) => topics[(first + n) % topics.length] ?? "");
    return {
      data: `${this.#publisher}.${this.#count} ${"x".repeat(this.#size())}`,
      topics: chosen,
      ...(allowsPrivate && random() < 0.2 ? { isPrivate: true as const } : {}),
      ...(allowsRetained && random() < 0.2 ? { isRetained: true as const } : {}),
    };
  }

  /** Mostly small, sometimes 40 times as large. */
  #size(): number {
    return Math.floor(this.#random() * this.#mostBytes * (this.#random() < 0.05 ? 40 : 1));
  }
}
