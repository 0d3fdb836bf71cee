const everyMs = 10_000;

/**
 * Tells users of screen readers, in a live region, how many events have come: at most every ten seconds, and nothing
 * while none do. The events themselves are not read out: ten a second would talk for ever.
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
