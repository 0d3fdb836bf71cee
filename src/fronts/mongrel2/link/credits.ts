import type { Clock } from "../../../base/clock.js";
import { Waiters } from "../../../base/waiters.js";
import type { Message } from "./windows.js";

export interface CreditsOptions {
  readonly clock: Clock;
  /** After this time without credits, the credits count as lost, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Like `timeoutMs`, but for a connection with at most `retryBytes` of unwritten data, which can accept another
   * delivery.
   */
  readonly retryMs: number;
  readonly retryBytes: number;
  /**
   * Called once per turn of the event loop, with the connections that have no unwritten data, or whose credits count as
   * lost.
   */
  readonly drained: (ids: readonly number[]) => void;
  /** Called with the number of connections whose credits count as lost. `drained` names these connections too. */
  readonly lost: (connections: number) => void;
}

interface Account {
  /**
   * Bytes of earlier deliveries whose credits are late: either the server has not written these bytes yet, or the
   * notice was lost.
   */
  overdueBytes: number;
  /** Bytes of the last delivery. */
  lastBytes: number;
  /** False once the credits of the last delivery count as lost too. */
  waiting: boolean;
  /** True if the link has closed the connection: its last bytes are still on their way, and nothing follows them. */
  closed: boolean;
  dueAt: number;
}

/**
 * The unwritten bytes of each connection, computed from the server's credits. For each delivery, Mongrel2 1.12 sends
 * one notice with the number of bytes in the body, once the kernel has accepted all of these bytes. The server sends no
 * notice for a close, a control message or an unknown id [seen]. Up to 100,000 notices arrive per second, so each
 * notice causes only a few map operations.
 *
 * Some notices get lost: 224 of 600,000 notices for 10,000 clients [seen]. So after a short wait, the link sends again
 * to a connection with few unwritten bytes, even without credits. At worst, such a connection then has less than 100
 * KiB of unwritten data, the limit at which the server closes it. The server writes deliveries in order, so the notice
 * for the last delivery also covers the earlier deliveries.
 */
export class Credits {
  readonly #options: CreditsOptions;
  readonly #accounts = new Map<number, Account>();
  #drained = new Set<number>();
  readonly #waiters = new Waiters();

  constructor(options: CreditsOptions) {
    this.#options = options;
  }

  /** Connections with bytes unwritten. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Records messages that the link sends now. */
  sent(messages: readonly Message[]): void {
    for (const message of messages) {
      const { ids } = message.targets;
      if (message.kind === "delivery") this.charge(ids, message.body.length);
      else this.finish(message);
    }
  }

  /** Records that `bytes` were sent to each of these connections. */
  charge(ids: readonly number[], bytes: number): void {
    const now = this.#options.clock.monotonic();
    for (const id of ids) {
      const before = this.#accounts.get(id);
      const overdueBytes = before === undefined ? 0 : before.overdueBytes + before.lastBytes;
      this.#accounts.set(id, {
        overdueBytes,
        lastBytes: bytes,
        waiting: true,
        closed: false,
        dueAt: now + this.#waitMs(overdueBytes + bytes),
      });
    }
  }

  /**
   * Handles a credits notice. A notice for a connection without unwritten bytes changes nothing: it is late, or it is
   * for a delivery of another program.
   */
  credit(id: number, bytes: number): void {
    const account = this.#accounts.get(id);
    if (account === undefined) return;
    if (bytes < account.lastBytes || (bytes > account.lastBytes && bytes <= account.overdueBytes)) {
      account.overdueBytes = Math.max(0, account.overdueBytes - bytes);
      return;
    }
    this.#accounts.delete(id);
    if (account.waiting && !account.closed) this.#drain(id);
    this.#waiters.look();
  }

  /**
   * Call this method when the link closes connections. `drained` no longer names them. {@link whenWritten} still waits
   * for the credits of connections that are closed after their unwritten bytes, but not for those that are cut.
   */
  finish({ kind, targets }: Exclude<Message, { kind: "delivery" }>): void {
    for (const id of targets.ids)
      if (kind === "close") this.#close(id);
      else this.forget(id);
  }

  /** Call this method when the connection has ended. `drained` no longer names the connection. */
  forget(id: number): void {
    this.#accounts.delete(id);
    this.#drained.delete(id);
    this.#waiters.look();
  }

  clear(): void {
    this.#accounts.clear();
    this.#drained.clear();
    this.#waiters.look();
  }

  /** Resolves when no connection has unwritten bytes: their credits have come, or count as lost. */
  whenWritten(): Promise<void> {
    return this.#waiters.until(() => this.#isWritten());
  }

  /** Counts late credits as lost. Call this method about once a second, but not while the server is stuck. */
  expire(): void {
    const now = this.#options.clock.monotonic();
    let lost = 0;
    for (const [id, account] of this.#accounts) {
      if (!account.waiting || account.dueAt > now) continue;
      account.waiting = false;
      if (account.closed) this.#accounts.delete(id);
      else this.#drain(id);
      lost += 1;
    }
    if (lost === 0) return;
    this.#options.lost(lost);
    this.#waiters.look();
  }

  /** Restarts all waiting times. Call this method when a stuck server has recovered. */
  postpone(): void {
    const now = this.#options.clock.monotonic();
    for (const account of this.#accounts.values()) {
      account.dueAt = now + this.#waitMs(account.overdueBytes + account.lastBytes);
    }
  }

  /** Call this method when notices were lost. Missing credits then count as lost after `withinMs` at the latest. */
  hasten(withinMs: number): void {
    const latest = this.#options.clock.monotonic() + withinMs;
    for (const account of this.#accounts.values()) account.dueAt = Math.min(account.dueAt, latest);
  }

  #close(id: number): void {
    const account = this.#accounts.get(id);
    if (account?.waiting === true) account.closed = true;
    else this.#accounts.delete(id);
    this.#drained.delete(id);
  }

  #isWritten(): boolean {
    for (const { waiting } of this.#accounts.values()) if (waiting) return false;
    return true;
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
