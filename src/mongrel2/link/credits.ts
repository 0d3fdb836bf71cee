import type { Clock } from "../../clock.js";

export interface CreditsOptions {
  readonly clock: Clock;
  /** How long credits are waited for before they count as lost, in milliseconds. */
  readonly timeoutMs: number;
  /** These connections have nothing unwritten; once a turn of the event loop. */
  readonly drained: (ids: readonly number[]) => void;
  /** Credits of so many connections did not come in time; `drained` names them as well. */
  readonly lost: (connections: number) => void;
}

interface Account {
  owedBytes: number;
  dueAt: number;
}

/**
 * What connections have not written yet, by the server's credits. Mongrel2 1.12 answers each delivery with one notice
 * of exactly its body's bytes once the last of them is with the kernel, none for a close, a control message or an
 * unknown id [seen]. A notice is a few map operations: they come at up to 100,000/s.
 */
export class Credits {
  readonly #options: CreditsOptions;
  /** In the order of `dueAt`: an account is set anew at each charge. */
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
    const dueAt = this.#options.clock.monotonic() + this.#options.timeoutMs;
    for (const id of ids) {
      const before = this.#accounts.get(id);
      if (before !== undefined) this.#accounts.delete(id);
      this.#accounts.set(id, { owedBytes: bytes + (before?.owedBytes ?? 0), dueAt });
    }
  }

  /** A notice. One for a connection without an account (late, or of another sender) changes nothing. */
  credit(id: number, bytes: number): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    account.owedBytes -= bytes;
    if (account.owedBytes > 0) return;
    this.#accounts.delete(id);
    this.#drain(id);
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
      if (account.dueAt > now) break;
      this.#accounts.delete(id);
      this.#drain(id);
      lost += 1;
    }
    if (lost > 0) this.#options.lost(lost);
  }

  /** Starts every waiting time anew, after a server was stuck. */
  postpone(): void {
    const dueAt = this.#options.clock.monotonic() + this.#options.timeoutMs;
    for (const account of this.#accounts.values()) account.dueAt = dueAt;
  }

  /** Notices were lost on the way: no account is waited for longer than `withinMs` from now. */
  hasten(withinMs: number): void {
    const latest = this.#options.clock.monotonic() + withinMs;
    for (const account of this.#accounts.values()) account.dueAt = Math.min(account.dueAt, latest);
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
