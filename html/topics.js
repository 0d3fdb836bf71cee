import { showWithEnd } from "./ends.js";
import { Meter, formatRate } from "./meter.js";
import { createSparkline } from "./sparkline.js";

/** The number of topics with their own row. All other topics share one row. */
const mostTopics = 100;

const spanSeconds = 60;

/**
 * The table has a row per topic, with the number of events, the rate, and a chart of the last minute. `onChoose` gets
 * the topic that the user clicks, `onHistory` the topic whose history the user wants.
 */
export class Topics {
  #body;
  #template;
  #empty;
  #onChoose;
  #onHistory;
  #rows = new Map();

  constructor({ body, template, empty, onChoose, onHistory }) {
    this.#body = body;
    this.#template = template.content.firstElementChild;
    this.#empty = empty;
    this.#onChoose = onChoose;
    this.#onHistory = onHistory;
  }

  count(topics) {
    for (const topic of topics) this.#meterOf(topic).count();
  }

  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#empty.hidden = false;
  }

  /** Updates the figures. One call per second is enough. */
  show() {
    this.#empty.hidden = this.#rows.size > 0;
    for (const row of this.#rows.values()) {
      row.meter.advance();
      setText(row.total, row.meter.total.toLocaleString("en"));
      setText(row.rate, formatRate(row.meter.rate));
      row.sparkline.show(row.meter.counts);
    }
  }

  #meterOf(topic) {
    const known =
      this.#rows.get(topic) ?? (this.#rows.size >= mostTopics ? this.#rows.get(others) : undefined);
    return (known ?? this.#add(this.#rows.size >= mostTopics ? others : topic)).meter;
  }

  /** Sorts the rows by name, so that the order of the rows does not change. */
  #add(topic) {
    const element = this.#template.cloneNode(true);
    const [name, chart, rate, total] = element.children;
    const sparkline = createSparkline(spanSeconds);
    const [button, past] = name.children;
    chart.append(sparkline.svg);
    showWithEnd(button, topic.replace("\u0000", ""));
    button.disabled = topic === others;
    button.addEventListener("click", () => this.#onChoose(topic));
    past.hidden = button.disabled;
    past.ariaLabel = `History of ${topic}`;
    past.addEventListener("click", () => this.#onHistory(topic));
    const row = { element, meter: new Meter(), rate, total, sparkline };
    const next = topic === others ? undefined : this.#firstAfter(topic);
    this.#rows.set(topic, row);
    this.#body.insertBefore(element, next?.element ?? null);
    return row;
  }

  #firstAfter(topic) {
    const names = [...this.#rows.keys()].filter((name) => name > topic || name === others);
    return this.#rows.get(names.toSorted(byName)[0]);
  }
}

/** No topic can have this name, because the hub refuses control characters. */
const others = "\u0000other topics";

const byName = (a, b) => (a === others ? 1 : b === others ? -1 : a < b ? -1 : 1);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
