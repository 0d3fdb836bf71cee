import { Changes } from "../../support/wait-for.js";
import { within } from "../client.js";

/** What a client is told, whichever transport brings it. */
export type Told =
  | { readonly kind: "event"; readonly data: string }
  | { readonly kind: "gap"; readonly reason: string };

/** Where a client stands, in all the words that its transport has for that. */
export interface Place {
  /** Known to every transport. */
  readonly id?: string | undefined;
  /** What a long poll is to come with. */
  readonly position?: string | undefined;
  /** A moment as clients of the push stream module know it. */
  readonly stamp?: Stamp | undefined;
}

/** As it comes: a date in words, and a number. */
export interface Stamp {
  readonly time: string;
  readonly tag: string;
}

/** What one client has been told, in order, and where it stands. */
export class Log {
  readonly told: Told[] = [];
  place: Place = {};
  readonly #name: string;
  readonly #changes = new Changes();
  #error: Error | undefined;
  #isOpen = false;
  #isOver = false;

  /** @param name in the messages of what is missing */
  constructor(name: string) {
    this.#name = name;
  }

  /** The data of all events. */
  get data(): readonly string[] {
    return this.told.flatMap((told) => (told.kind === "event" ? [told.data] : []));
  }

  /** The hub has ended what is open now, by closing it or by a refusal. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something is about to be opened in the place of what was. */
  opening(): void {
    this.#isOpen = false;
    this.#isOver = false;
  }

  /** From now on the client is subscribed. */
  opened(): void {
    this.#isOpen = true;
    this.#changes.changed();
  }

  tell(told: Told, place: Place | undefined): void {
    this.told.push(told);
    this.move(place);
  }

  move(place: Place | undefined): void {
    if (place !== undefined) this.place = place;
    this.#changes.changed();
  }

  over(): void {
    this.#isOpen = false;
    this.#isOver = true;
    this.#changes.changed();
  }

  /** Whoever waits is told. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#changes.changed();
  }

  untilOpen(): Promise<void> {
    return this.until(() => this.#isOpen, "its beginning");
  }

  untilOver(): Promise<void> {
    return this.until(() => this.#isOver, "its end");
  }

  /** Until this holds. Rejects with what is wrong, or with what is missing. */
  async until(holds: () => boolean, what: string): Promise<void> {
    await this.#changes.until(() => this.#error !== undefined || holds(), {
      within,
      missing: () => `${this.#name} waits for ${what}, but ${this.#so()}`,
    });
    if (this.#error !== undefined) throw this.#error;
  }

  #so(): string {
    const last = this.told.slice(-3).map((told) => JSON.stringify(told).slice(0, 100));
    const state = this.#isOver ? "is over" : this.#isOpen ? "is open" : "is not open yet";
    return `it ${state} and was told ${this.told.length} things, at last ${last.join(", ")}`;
  }
}
