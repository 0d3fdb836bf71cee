/** A scheduled call of a clock. `cancel` may be called any number of times. */
export interface Timer {
  cancel(): void;
}

/** The source of time. Tests pass a clock that they move themselves. */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. Use it for durations. */
  monotonic(): number;
  /** Calls `action` once after `delayMs`; does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
  /** Calls `action` every `periodMs`; does not keep the process alive. */
  every(periodMs: number, action: () => void): Timer;
  /** Calls `action` at the end of the current turn of the event loop, after pending I/O callbacks. */
  endOfTurn(action: () => void): void;
}

/** Resolves at the end of the current turn of the event loop. */
export function turnEnd(clock: Pick<Clock, "endOfTurn">): Promise<void> {
  return new Promise((resolve) => clock.endOfTurn(resolve));
}
