import type { EventEmitter } from "node:events";

/** The time-out of a wait, and the text of its error. */
export interface Deadline {
  /** Milliseconds. */
  readonly within: number;
  /** A description of the missing condition, evaluated at the deadline. */
  readonly missing: string | (() => string);
}

/** The error of a missed deadline. The error message says what is missing. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  constructor(deadline: Deadline) {
    const missing = typeof deadline.missing === "string" ? deadline.missing : deadline.missing();
    super(`after ${deadline.within} ms: ${missing}`);
  }
}

/**
 * Settles as `promise` does, or rejects at the deadline with a {@link DeadlineError}. The promise itself is not
 * cancelled.
 */
export async function before<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(deadline)), deadline.within);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with the first argument of the next `event` of `emitter`, or rejects at the deadline. */
export async function waitForEvent(
  emitter: EventEmitter,
  event: string,
  deadline: Deadline,
): Promise<unknown> {
  let listener: (value: unknown) => void = () => undefined;
  const seen = new Promise<unknown>((resolve) => {
    listener = resolve;
    emitter.once(event, listener);
  });
  try {
    return await before(seen, deadline);
  } finally {
    emitter.off(event, listener);
  }
}

/**
 * Resolves with the first value of `probe` that is neither `undefined` nor `false`. Calls `probe` every `everyMs`. Use
 * this function only for conditions that have no event, such as a list of processes.
 */
export async function waitFor<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: Deadline & {
    /** @default 20 */
    readonly everyMs?: number;
  },
): Promise<T> {
  const end = performance.now() + options.within;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() >= end) throw new DeadlineError(options);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 20));
  }
}

/** A changing value that tests can wait for. The owner calls `changed` to check all waiting predicates again. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Checks all waiting predicates again. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves when `predicate` is true, now or after a change. */
  async until(predicate: () => boolean, deadline: Deadline): Promise<void> {
    let look: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      look = () => (predicate() ? resolve() : undefined);
    });
    this.#waiting.add(look);
    look();
    try {
      await before(held, deadline);
    } finally {
      this.#waiting.delete(look);
    }
  }
}
