/**
 * The figures in one response of `/stats`. A figure is a number. A figure with labels is a list of objects; each object
 * has these labels and a `value`. A figure that was never counted is absent.
 */
export class Figures {
  #figures;

  constructor(stats) {
    this.#figures = stats.figures;
    this.stats = stats;
    this.takenMs = performance.now();
  }

  /** All values with this name, and their labels. */
  rows(name) {
    const figure = this.#figures[name];
    if (figure === undefined) return [];
    return Array.isArray(figure) ? figure : [{ value: figure }];
  }

  /** The sum of the values with these labels. */
  sum(name, labels = {}) {
    const wanted = Object.entries(labels);
    return this.rows(name)
      .filter((row) => wanted.every(([label, value]) => row[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }
}

/** The change between two responses of the same run of the hub. */
export class Change {
  #before;
  #now;

  /** Without `before`, every change is 0. */
  constructor(before, now) {
    this.#before = before ?? now;
    this.#now = now;
  }

  /** The time between the two responses. */
  get seconds() {
    return (this.#now.takenMs - this.#before.takenMs) / 1000;
  }

  of(name, labels) {
    return this.#now.sum(name, labels) - this.#before.sum(name, labels);
  }

  perSecond(name, labels) {
    return this.seconds > 0 ? this.of(name, labels) / this.seconds : 0;
  }

  /** The change of `name` divided by the change of `other`; undefined if `other` did not change. */
  ratio(name, other, labels) {
    const count = this.of(other, labels);
    return count > 0 ? this.of(name, labels) / count : undefined;
  }
}

const rememberedMs = 5 * 60_000;

/** The responses of the last five minutes, of one run of the hub. The page reads none while it is hidden. */
export class Readings {
  #figures = [];

  /** Adds a response, and returns the change since the one before. After a restart of the hub, the change is 0. */
  add(now) {
    const before = this.#figures.at(-1);
    if (before?.stats.startedAt !== now.stats.startedAt) this.#figures = [];
    const change = new Change(this.#figures.at(-1), now);
    this.#figures.push(now);
    // The oldest response may be slightly older than five minutes, so that the page covers five minutes.
    while (this.#figures.length > 2 && now.takenMs - this.#figures[1].takenMs >= rememberedMs)
      this.#figures.shift();
    return change;
  }

  /** The change from the oldest response to the newest. Its `seconds` are fewer than 300 until the page is old enough. */
  get recent() {
    return new Change(this.#figures[0], this.#figures.at(-1));
  }
}
