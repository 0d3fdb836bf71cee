/** Of all time, the part that drawing may take: what is left reads the stream and answers the user. */
const share = 1 / 5;

/**
 * Calls `draw` in an animation frame after something was asked for; as often as there are frames while drawing is quick,
 * rarer when it is not, so that no rate of events keeps the page from answering.
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
