import type { LogFollower, Sequence } from "../../../src/journal/log/log.js";
import { Changes } from "../../support/wait-for.js";

const withinMs = 60_000;

/** A follower that keeps all records as text. */
export class RecordingFollower implements LogFollower {
  readonly records: (readonly [Sequence, string])[] = [];
  readonly losses: Sequence[] = [];
  downs = 0;
  restarts = 0;
  readonly #changes = new Changes();

  take({ sequence, payload }: { readonly sequence: Sequence; readonly payload: Buffer }): void {
    this.records.push([sequence, payload.toString("latin1")]);
    this.#changes.changed();
  }

  lost(upTo: Sequence): void {
    this.losses.push(upTo);
    this.#changes.changed();
  }

  down(): void {
    this.downs += 1;
    this.#changes.changed();
  }

  restarted(): void {
    this.restarts += 1;
    this.#changes.changed();
  }

  get texts(): string[] {
    return this.records.map(([, text]) => text);
  }

  /** Waits until the follower has this number of records. */
  async has(count: number): Promise<void> {
    const missing = () => `the follower has ${this.records.length} of ${count} records`;
    await this.#changes.until(() => this.records.length >= count, { within: withinMs, missing });
  }
}
