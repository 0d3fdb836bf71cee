/** A call that a clock has scheduled. You may call `cancel` any number of times. */
export interface Timer {
  cancel(): void;
}

/** The source of time. Tests use a clock whose time the test sets. */
export interface Clock {
  /** The wall-clock time, in milliseconds since 1970. This time may jump. */
  now(): number;
  /**
   * The milliseconds since an arbitrary start, which is the same for the hub's process and its workers. This time never
   * goes back. Use this time for durations.
   */
  monotonic(): number;
  /** Calls `action` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
  /** Calls `action` every `periodMs`. The timer does not keep the process alive. */
  every(periodMs: number, action: () => void): Timer;
  /** Calls `action` at the end of the current turn of the event loop, after pending I/O callbacks. */
  endOfTurn(action: () => void): void;
}

/** Resolves at the end of the current turn of the event loop. */
export function turnEnd(clock: Pick<Clock, "endOfTurn">): Promise<void> {
  return new Promise((resolve) => clock.endOfTurn(resolve));
}
