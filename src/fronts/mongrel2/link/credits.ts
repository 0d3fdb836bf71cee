import type { Clock } from "../../../base/clock.js";

export interface CreditsOptions {
  readonly clock: Clock;
  /** After this time without credits they count as lost, in milliseconds. */
  readonly timeoutMs: number;
  /** The same for a connection with at most `retryBytes` unwritten, which has space for another delivery. */
  readonly retryMs: number;
  readonly retryBytes: number;
  /** Called with the connections that have nothing unwritten, once a turn of the event loop. */
  readonly drained: (ids: readonly number[]) => void;
  /** Called with the number of connections whose credits are lost; `drained` names them too. */
  readonly lost: (connections: number) => void;
}

interface Account {
  /** Bytes of earlier deliveries whose credits are late: they are unwritten, or their notice was lost. */
  overdueBytes: number;
  /** Bytes of the last delivery. */
  lastBytes: number;
  /** False once the credits of the last delivery are late too. */
  waiting: boolean;
  dueAt: number;
}

/**
 * The bytes that connections have not written yet, by the server's credits. For each delivery Mongrel2 1.12 sends one
 * notice with exactly the body's bytes, once the kernel has the last of them. It sends none for a close, a control
 * message or an unknown id [seen]. Up to 100,000 notices come in a second, so each costs only a few map operations.
 *
 * Some notices get lost: 224 of 600,000 to 10,000 clients [seen]. So the link uses a connection with little unwritten
 * again after a short wait. At worst that connection then has less than 100 KiB unwritten, the limit at which the
 * server closes it. Deliveries are written in order, so the notice of the last one settles the earlier ones.
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

  /** Notes that `bytes` were sent to each of these connections. */
  charge(ids: readonly number[], bytes: number): void {
    const now = this.#options.clock.monotonic();
    for (const id of ids) {
      const before = this.#accounts.get(id);
      const overdueBytes = before === undefined ? 0 : before.overdueBytes + before.lastBytes;
      this.#accounts.set(id, {
        overdueBytes,
        lastBytes: bytes,
        waiting: true,
        dueAt: now + this.#waitMs(overdueBytes + bytes),
      });
    }
  }

  /**
   * Takes a notice. A notice for a connection without unwritten bytes (a late one, or for another sender) changes
   * nothing.
   */
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

  /** Call it when the connection has ended: the credits no longer report it. */
  forget(id: number): void {
    this.#accounts.delete(id);
    this.#drained.delete(id);
  }

  clear(): void {
    this.#accounts.clear();
    this.#drained.clear();
  }

  /** Gives up credits that are late. Call it about once a second, but not while the server is stuck. */
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

  /** Restarts all waiting times; call it when a stuck server has recovered. */
  postpone(): void {
    const now = this.#options.clock.monotonic();
    for (const account of this.#accounts.values()) {
      account.dueAt = now + this.#waitMs(account.overdueBytes + account.lastBytes);
    }
  }

  /** Call it when notices were lost: the credits are then due within `withinMs`. */
  hasten(withinMs: number): void {
    const latest = this.#options.clock.monotonic() + withinMs;
    for (const account of this.#accounts.values()) account.dueAt = Math.min(account.dueAt, latest);
  }

  #waitMs(unwrittenBytes: number): number {
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
