import type { FanoutLimits } from "../../../limits/fanout.js";
import type { Unacknowledged } from "./tcp-table.js";

interface Silence {
  readonly sinceMs: number;
  readonly bytes: number;
  readonly attempts: number;
}

/** Finds peers that acknowledge nothing for a time, from repeated readings of the system's table. */
export class SilentPeers {
  readonly #limits: Pick<FanoutLimits, "stallMs">;
  #silences: ReadonlyMap<string, Silence> = new Map();

  /** @param limits read at each use */
  constructor(limits: Pick<FanoutLimits, "stallMs">) {
    this.#limits = limits;
  }

  /**
   * Compares a reading with the earlier one. Returns the connections whose peers have acknowledged nothing for the whole
   * time. A peer has acknowledged something if there are fewer unacknowledged bytes or fewer attempts than before. So has
   * a peer whose connection is not in the reading, or is in the reading without an attempt.
   */
  update(rows: readonly Unacknowledged[], nowMs: number): ReadonlySet<string> {
    const silences = new Map<string, Silence>();
    const gone = new Set<string>();
    for (const { key, bytes, attempts } of rows) {
      if (attempts === 0) continue;
      const before = this.#silences.get(key);
      const isSilent = before !== undefined && bytes >= before.bytes && attempts >= before.attempts;
      const sinceMs = isSilent ? before.sinceMs : nowMs;
      silences.set(key, { sinceMs, bytes, attempts });
      if (nowMs - sinceMs >= this.#limits.stallMs) gone.add(key);
    }
    this.#silences = silences;
    return gone;
  }
}
