import type { Clock } from "../../../base/clock.js";

export interface CreditsOptions {
  readonly clock: Clock;
  /** How long credits are waited for before they count as lost, in milliseconds. */
  readonly timeoutMs: number;
  /** The same while a connection has no more than `retryBytes` unwritten: it then has room for a further delivery. */
  readonly retryMs: number;
  readonly retryBytes: number;
  /** These connections have nothing unwritten; once a turn of the event loop. */
  readonly drained: (ids: readonly number[]) => void;
  /** Credits of so many connections did not come in time; `drained` names them as well. */
  readonly lost: (connections: number) => void;
}

interface Account {
  /** Of earlier deliveries that were given up: written and their notice lost, or still to be written. */
  overdueBytes: number;
  /** Of the last delivery. */
  lastBytes: number;
  /** False when the last delivery has been given up, too. */
  waiting: boolean;
  dueAt: number;
}

/**
 * What connections have not written yet, by the server's credits. Mongrel2 1.12 answers each delivery with one notice
 * of exactly its body's bytes once the last of them is with the kernel, none for a close, a control message or an
 * unknown id [seen]. A notice is a few map operations: they come at up to 100,000/s.
 *
 * Some get lost: 224 of 600,000 to 10,000 clients [seen]. A connection with little unwritten is therefore used on after
 * a short wait; what it may have unwritten then stays under the 100 KiB at which the server closes it. Deliveries
 * are written in order, so the notice of the last one settles those before it.
 */
export class Credits {
  readonly #options: CreditsOptions;
  readonly #accounts = new Map<number, Account>();
  #drained = new Set<number>();

  constructor(options: CreditsOptions) {
    this.#options = options;
  }

  /** Connections with bytes unwritten. */
  get size(): number {
    return this.#accounts.size;
  }

  /** So many bytes were sent to each of these connections. */
  charge(ids: readonly number[], bytes: number): void {
    const now = this.#options.clock.monotonic();
    for (const id of ids) {
      const before = this.#accounts.get(id);
      const overdueBytes = before === undefined ? 0 : before.overdueBytes + before.lastBytes;
      this.#accounts.set(id, {
        overdueBytes,
        lastBytes: bytes,
        waiting: true,
        dueAt: now + this.#patience(overdueBytes + bytes),
      });
    }
  }

  /** A notice. One for a connection without an account (late, or of another sender) changes nothing. */
  credit(id: number, bytes: number): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    if (bytes < account.lastBytes || (bytes > account.lastBytes && bytes <= account.overdueBytes)) {
      account.overdueBytes = Math.max(0, account.overdueBytes - bytes);
      return;
    }
    this.#accounts.delete(id);
    if (account.waiting) this.#drain(id);
  }

  /** The connection is gone: it is not reported again. */
  forget(id: number): void {
    this.#accounts.delete(id);
    this.#drained.delete(id);
  }

  clear(): void {
    this.#accounts.clear();
    this.#drained.clear();
  }

  /** Gives up on credits that are overdue. Call it about once a second, but not while the server is stuck. */
  expire(): void {
    const now = this.#options.clock.monotonic();
    let lost = 0;
    for (const [id, account] of this.#accounts) {
      if (!account.waiting || account.dueAt > now) continue;
      account.waiting = false;
      this.#drain(id);
      lost += 1;
    }
    if (lost > 0) this.#options.lost(lost);
  }

  /** Starts every waiting time anew, after a server was stuck. */
  postpone(): void {
    const now = this.#options.clock.monotonic();
    for (const account of this.#accounts.values()) {
      account.dueAt = now + this.#patience(account.overdueBytes + account.lastBytes);
    }
  }

  /** Notices were lost on the way: no account is waited for longer than `withinMs` from now. */
  hasten(withinMs: number): void {
    const latest = this.#options.clock.monotonic() + withinMs;
    for (const account of this.#accounts.values()) account.dueAt = Math.min(account.dueAt, latest);
  }

  #patience(unwrittenBytes: number): number {
    const { retryBytes, retryMs, timeoutMs } = this.#options;
    return unwrittenBytes <= retryBytes ? retryMs : timeoutMs;
  }

  #drain(id: number): void {
    this.#drained.add(id);
    if (this.#drained.size === 1) this.#options.clock.endOfTurn(() => this.#report());
  }

  #report(): void {
    if (this.#drained.size === 0) return;
    const ids = [...this.#drained];
    this.#drained.clear();
    this.#options.drained(ids);
  }
}
