const spanSeconds = 60;
const windowSeconds = 5;

/** Counts events per second over the last minute, on a monotonic clock. */
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

  /** Moves to the current second. Seconds without an event count as 0. */
  advance() {
    const passed = Math.min(now() - this.#second, spanSeconds);
    if (passed <= 0) return;
    this.#counts.splice(0, passed);
    this.#counts.push(...Array.from({ length: passed }, () => 0));
    this.#second = now();
  }

  /** Events per second over the last five full seconds. For example, one event in the five seconds gives 0.2. */
  get rate() {
    const seconds = Math.min(windowSeconds, this.#second - this.#started);
    if (seconds === 0) return 0;
    return this.#counts.slice(-1 - seconds, -1).reduce((sum, count) => sum + count, 0) / seconds;
  }

  /** The number of events in each second of the last minute. The current second is last. */
  get counts() {
    return this.#counts;
  }
}

const now = () => Math.floor(performance.now() / 1000);

const stamp = /^Timestamp (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))/;

/**
 * Milliseconds from the beacon's `Timestamp <ISO 8601>` to now; undefined for other data. The result also contains the
 * difference between the hub's clock and the browser's clock.
 */
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
