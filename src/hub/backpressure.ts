import type { Clock } from "../base/clock.js";
import { Waiters } from "../base/waiters.js";
import { declaredDeliveryLimits } from "../limits/delivery.js";
import type { Entry } from "./publications/entry.js";

/** When the hub tells publishers to wait. */
export interface PressureLimits {
  /** Nothing more is taken in while this many bytes are pending. */
  readonly pendingBytes: number;
  /** Below this, pending bytes never stop a publisher, however long they wait. */
  readonly pendingFloorBytes: number;
  /** Above the floor, publishers wait while rounds take what is older than this, in milliseconds. */
  readonly pendingAgeMs: number;
}

/**
 * 1 MiB is four rounds of 256 KiB. Half a second keeps the delay of a saturated hub, publisher to client, well under
 * 1.5 s.
 */
export const defaultPressureLimits: PressureLimits = Object.freeze({
  pendingBytes: declaredDeliveryLimits.pendingBytes.default,
  pendingFloorBytes: 1024 * 1024,
  pendingAgeMs: 500,
});

/** A slot in a pending list. */
const slotBytes = 16;

/**
 * Counts what waits for a round in all cohorts: an entry once however many cohorts wait for it, and a slot for each.
 */
export class Backpressure {
  readonly #limits: PressureLimits;
  readonly #clock: Clock;
  #bytes = 0;
  #late = false;
  readonly #waiters = new Waiters();
  readonly #holders = new Set<object>();

  constructor(options: { readonly limits: PressureLimits; readonly clock: Clock }) {
    this.#limits = options.limits;
    this.#clock = options.clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True while publishers should wait. */
  get full(): boolean {
    if (this.#holders.size > 0) return true;
    if (this.#bytes >= this.#limits.pendingBytes) return true;
    return this.#late && this.#bytes >= this.#limits.pendingFloorBytes;
  }

  /** There is no room while anybody holds publishers, whatever is pending. */
  hold(who: object, on: boolean): void {
    if (on) this.#holders.add(who);
    else if (this.#holders.delete(who)) this.relieved();
  }

  /** Undefined while there is room, else a promise that resolves when there is. */
  room(): Promise<void> | undefined {
    return this.full ? this.#waiters.until(() => !this.full) : undefined;
  }

  add(entry: Entry): void {
    if (entry.pendingIn === 0) this.#bytes += entry.bytes;
    entry.pendingIn += 1;
    this.#bytes += slotBytes;
  }

  /** An entry leaves one pending list; with the last one go its encoded bytes. */
  remove(entry: Entry): void {
    entry.pendingIn -= 1;
    this.#bytes -= slotBytes;
    if (entry.pendingIn > 0) return;
    this.#bytes -= entry.bytes;
    entry.forgetEncoded();
  }

  /** Called after a list has given entries away; `oldest` is the first of them, if rounds took it. */
  relieved(oldest?: Entry): void {
    if (oldest !== undefined) this.#late = this.#clock.now() - oldest.atMs > this.#limits.pendingAgeMs;
    if (!this.full) this.#waiters.look();
  }
}
