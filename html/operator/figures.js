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

  of(name, labels) {
    return this.#now.sum(name, labels) - this.#before.sum(name, labels);
  }

  perSecond(name, labels) {
    const seconds = (this.#now.takenMs - this.#before.takenMs) / 1000;
    return seconds > 0 ? this.of(name, labels) / seconds : 0;
  }

  /** The change of `name` divided by the change of `other`; undefined if `other` did not change. */
  ratio(name, other, labels) {
    const count = this.of(other, labels);
    return count > 0 ? this.of(name, labels) / count : undefined;
  }
}
