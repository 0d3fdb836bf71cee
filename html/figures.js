import { Meter, delayMs, formatDelay, formatRate } from "./meter.js";
import { showWithEnd } from "./ends.js";
import { createSparkline } from "./sparkline.js";

/** The row of figures above the events. */
export class Figures {
  #ui;
  #meter = new Meter();
  #sparkline = createSparkline(60);
  #delay;
  #lastEventId = "";

  constructor(ui) {
    this.#ui = ui;
    ui.spark.append(this.#sparkline.svg);
  }

  count({ id, data }) {
    this.#meter.count();
    this.#delay = delayMs(data) ?? this.#delay;
    if (id) this.#lastEventId = id;
  }

  clear() {
    this.#meter = new Meter();
    this.#delay = undefined;
    this.#lastEventId = "";
    this.tick();
  }

  /** Updates the figures that change with each event. */
  show() {
    const { total, delay, last } = this.#ui;
    total.textContent = this.#meter.total.toLocaleString("en");
    delay.textContent = this.#delay === undefined ? "–" : formatDelay(this.#delay);
    showWithEnd(last, this.#lastEventId || "–");
  }

  /** Updates the figures that change with time. */
  tick() {
    this.#meter.advance();
    this.#ui.rate.textContent = formatRate(this.#meter.rate);
    this.#sparkline.show(this.#meter.counts);
  }
}
