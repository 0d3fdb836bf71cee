/** The share of CPU time for drawing. The remaining CPU time is for reading the stream and for reacting to the user. */
const share = 1 / 5;

/**
 * Calls `draw` in the next animation frame after `ask`. If drawing is slow, the page draws less often, and stays
 * responsive at any rate of events.
 */
export class Frames {
  #draw;
  #isAsked = false;
  #restUntil = 0;

  constructor(draw) {
    this.#draw = draw;
  }

  ask() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const rest = this.#restUntil - performance.now();
    if (rest > 0) setTimeout(() => this.#next(), rest);
    else this.#next();
  }

  #next() {
    requestAnimationFrame(() => {
      this.#isAsked = false;
      const began = performance.now();
      this.#draw();
      const ended = performance.now();
      this.#restUntil = ended + (ended - began) * (1 / share - 1);
    });
  }
}
