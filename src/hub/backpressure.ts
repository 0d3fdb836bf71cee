import type { Clock } from "../base/clock.js";
import { Waiters } from "../base/waiters.js";
import { declaredDeliveryLimits } from "../limits/delivery.js";
import type { Entry } from "./publications/entry.js";

/** The limits above which publishers have to wait. */
export interface PressureLimits {
  /** Publishers wait while this many bytes are pending. */
  readonly pendingBytes: number;
  /** Below this number of pending bytes publishers never wait, however old the oldest entry is. */
  readonly pendingFloorBytes: number;
  /** Above the floor, publishers also wait while rounds deliver entries that are older than this, in milliseconds. */
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

/** Memory for one slot in a list of pending entries. */
const slotBytes = 16;

/**
 * Counts the pending bytes of all cohorts. An entry counts once, even if several cohorts have the entry pending. The
 * slot of the entry counts once for each of these cohorts.
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

  /** True while publishers must wait. */
  get full(): boolean {
    if (this.#holders.size > 0) return true;
    if (this.#bytes >= this.#limits.pendingBytes) return true;
    return this.#late && this.#bytes >= this.#limits.pendingFloorBytes;
  }

  /**
   * After `hold(who, true)`, publishers wait until every holder has called `hold(who, false)`, even if no bytes are
   * pending.
   */
  hold(who: object, on: boolean): void {
    if (on) this.#holders.add(who);
    else if (this.#holders.delete(who)) this.relieved();
  }

  /** Undefined if publishers may continue, else a promise that resolves when publishers may continue. */
  room(): Promise<void> | undefined {
    return this.full ? this.#waiters.until(() => !this.full) : undefined;
  }

  add(entry: Entry): void {
    if (entry.pendingIn === 0) this.#bytes += entry.bytes;
    entry.pendingIn += 1;
    this.#bytes += slotBytes;
  }

  /** Removes an entry from one cohort. Drops the encoded bytes when no cohort has the entry pending any more. */
  remove(entry: Entry): void {
    entry.pendingIn -= 1;
    this.#bytes -= slotBytes;
    if (entry.pendingIn > 0) return;
    this.#bytes -= entry.bytes;
    entry.forgetEncoded();
  }

  /** Call this after {@link remove}. `oldest` is the first removed entry, if a round delivers the removed entries. */
  relieved(oldest?: Entry): void {
    if (oldest !== undefined)
      this.#late = this.#clock.monotonic() - oldest.appliedAtMs > this.#limits.pendingAgeMs;
    if (!this.full) this.#waiters.look();
  }
}
