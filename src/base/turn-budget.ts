import type { Clock } from "./clock.js";

/**
 * How long what clients say is worked on in one turn of the event loop, in milliseconds. One read of a socket brings
 * thousands of messages: with all of them worked on at once, one client kept the loop for 4.1 s.
 */
const talkPerTurnMs = 5;

/** The time that all conversations of one front share in each turn of the event loop. */
export class TalkTime {
  readonly #clock: Pick<Clock, "monotonic" | "endOfTurn">;
  /** When this turn's time is over; undefined before its first message. */
  #endsMs: number | undefined;

  constructor(clock: Pick<Clock, "monotonic" | "endOfTurn">) {
    this.#clock = clock;
  }

  /** To be asked after each message: true when the next one is for another turn. */
  isOver(): boolean {
    const nowMs = this.#clock.monotonic();
    if (this.#endsMs === undefined) {
      this.#endsMs = nowMs + talkPerTurnMs;
      this.#clock.endOfTurn(() => (this.#endsMs = undefined));
    }
    return nowMs >= this.#endsMs;
  }

  /** Calls `action` in the next turn, behind what was said to be for it before. */
  nextTurn(action: () => void): void {
    this.#clock.endOfTurn(action);
  }
}
