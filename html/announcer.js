const everyMs = 10_000;

/**
 * Announces the number of new events in a live region, for screen readers, at most every ten seconds. The announcer
 * does not read out the events: at ten events per second, the screen reader would never stop.
 */
export class Announcer {
  #region;
  #count = 0;
  #isTimed = false;

  constructor(region) {
    this.#region = region;
  }

  count() {
    this.#count++;
    if (this.#isTimed) return;
    this.#isTimed = true;
    setTimeout(() => this.#say(), everyMs);
  }

  #say() {
    this.#isTimed = false;
    this.#region.textContent =
      this.#count === 1 ? "1 new event" : `${this.#count.toLocaleString("en")} new events`;
    this.#count = 0;
  }
}
