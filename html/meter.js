const spanSeconds = 60;
const windowSeconds = 5;

/** Counts events by second, over the last minute, on a clock that never steps. */
export class Meter {
  total = 0;
  #counts = Array.from({ length: spanSeconds }, () => 0);
  #second = now();
  #started = now();

  count() {
    this.advance();
    this.total++;
    this.#counts[spanSeconds - 1]++;
  }

  /** Moves on to the present second; seconds without an event count as 0. */
  advance() {
    const passed = Math.min(now() - this.#second, spanSeconds);
    if (passed <= 0) return;
    this.#counts.splice(0, passed);
    this.#counts.push(...Array.from({ length: passed }, () => 0));
    this.#second = now();
  }

  /** Events a second over the last five whole seconds, so that a beacon of one in five seconds reads 0.2. */
  get rate() {
    const seconds = Math.min(windowSeconds, this.#second - this.#started);
    if (seconds === 0) return 0;
    return this.#counts.slice(-1 - seconds, -1).reduce((sum, count) => sum + count, 0) / seconds;
  }

  /** Of the last minute, by second, the present one last. */
  get counts() {
    return this.#counts;
  }
}

const now = () => Math.floor(performance.now() / 1000);

const stamp = /^Timestamp (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))/;

/** Milliseconds from the beacon's `Timestamp <ISO 8601>` to now, by the two clocks; undefined for other data. */
export function delayMs(data) {
  const sent = data.startsWith("Timestamp ") ? Date.parse(stamp.exec(data)?.[1] ?? "") : Number.NaN;
  return Number.isNaN(sent) ? undefined : Date.now() - sent;
}

export function formatDelay(ms) {
  if (Math.abs(ms) < 1000) return `${ms} ms`;
  return Math.abs(ms) < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

export const formatRate = (rate) =>
  rate > 0 && rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
