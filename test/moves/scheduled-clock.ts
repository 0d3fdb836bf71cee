import { VirtualClock } from "../support/virtual-clock.js";

/**
 * A virtual clock whose turns end when the schedule says. So messages, timers and bytes can come between the turn in
 * which the code asks for the end of the turn and that end, as on a busy event loop.
 */
export class ScheduledClock extends VirtualClock {
  #turn: (() => void)[] = [];
  #usedMs = 0;
  /** The time that passes with each reading of the clock, in milliseconds. Above 0, turn budgets are used up soon. */
  busyMs = 0;

  get isTurnOver(): boolean {
    return this.#turn.length === 0;
  }

  override monotonic(): number {
    this.#usedMs += this.busyMs;
    return super.monotonic() + this.#usedMs;
  }

  override endOfTurn(action: () => void): void {
    this.#turn.push(action);
  }

  /** Timers do not end the turn: the schedule does. */
  override runEndOfTurn(): void {}

  /** Runs the callbacks of one turn. The callbacks that they add belong to the next turn. */
  async endTurn(): Promise<void> {
    for (const action of this.#turn.splice(0)) {
      action();
      await settleMicrotasks();
    }
  }
}

/** Runs all promise callbacks and ticks of Node, as Node does after each callback of the event loop. */
export async function settleMicrotasks(): Promise<void> {
  for (let round = 0; round < 2; round += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
}
