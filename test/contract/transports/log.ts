import { Changes } from "../../support/wait-for.js";
import { within } from "../client.js";

/** An event or a gap notice that a client received over any transport. */
export type Told =
  | { readonly kind: "event"; readonly data: string }
  | { readonly kind: "gap"; readonly reason: string };

/** The position of a client, in all forms that the client's transport has. */
export interface Place {
  /** The event id, which every transport has. */
  readonly id?: string | undefined;
  /** The cursor of a long poll. */
  readonly position?: string | undefined;
  /** The position of a client of the push stream module. */
  readonly stamp?: Stamp | undefined;
}

/** A position of the push stream module: `time` is an HTTP date, and `tag` is a number. */
export interface Stamp {
  readonly time: string;
  readonly tag: string;
}

/** Everything that one client has received, in order, and its position. */
export class Log {
  readonly told: Told[] = [];
  place: Place = {};
  readonly #name: string;
  readonly #changes = new Changes();
  #error: Error | undefined;
  #isOpen = false;
  #isOver = false;

  /** @param name the client's name in error messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** The data of all events. */
  get data(): readonly string[] {
    return this.told.flatMap((told) => (told.kind === "event" ? [told.data] : []));
  }

  /** True if the hub has closed or refused the stream. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Call this method before the client opens a stream. */
  opening(): void {
    this.#isOpen = false;
    this.#isOver = false;
  }

  /** Call this method when the hub has subscribed the client. */
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

  /** Rejects all waits with this error. */
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

  /**
   * Waits until `holds` returns true. Rejects with the client's error. At the deadline, rejects with an error that says
   * that `what` is missing.
   */
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
