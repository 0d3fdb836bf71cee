/**
 * The figures of one answer of `/stats`, in which a figure is a number, or where it has labels a list of objects with
 * these and a `value`; one that nothing has been counted for yet is not there.
 */
export class Figures {
  #figures;

  constructor(stats) {
    this.#figures = stats.figures;
    this.stats = stats;
    this.takenMs = performance.now();
  }

  /** All that has this name, with its labels. */
  rows(name) {
    const figure = this.#figures[name];
    if (figure === undefined) return [];
    return Array.isArray(figure) ? figure : [{ value: figure }];
  }

  /** The sum of those whose labels are these. */
  sum(name, labels = {}) {
    const wanted = Object.entries(labels);
    return this.rows(name)
      .filter((row) => wanted.every(([label, value]) => row[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }
}

/** Two answers of one run of the hub: what has changed between them. */
export class Change {
  #before;
  #now;

  /** Without `before` nothing has changed. */
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

  /** How much of one there was for each of the other; undefined where there was none of the other. */
  ratio(name, other, labels) {
    const count = this.of(other, labels);
    return count > 0 ? this.of(name, labels) / count : undefined;
  }
}
