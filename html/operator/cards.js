import { createSparkline } from "../sparkline.js";
import { formatBytes, formatNumber, formatSeconds } from "./format.js";

/** The number of readings per card: a reading every two seconds for five minutes. */
const remembered = 150;

/**
 * Limits in seconds: event loop delay, and age of the oldest waiting publication. The page marks a card whose value is
 * above the limit.
 */
const late = 0.1;
const longWait = 2;

/**
 * The cards. `read` calculates a value from the figures and their change since the last reading. `write` formats this
 * value.
 */
const cards = [
  { title: "Streams", read: (now) => now.sum("connections"), write: formatNumber },
  {
    title: "Slow streams",
    read: (now) => now.sum("laggards"),
    write: formatNumber,
    hint: "clients that did not read in time, and now read from history",
  },
  {
    title: "Publications/s",
    read: (_now, change) => change.perSecond("publications_total"),
    write: formatNumber,
  },
  {
    title: "Deliveries/s",
    read: (_now, change) => change.perSecond("deliveries_total"),
    write: formatNumber,
  },
  {
    title: "Sent/s",
    read: (_now, change) => change.perSecond("delivered_bytes_total"),
    write: formatBytes,
  },
  {
    title: "Longest wait",
    read: (now) => now.sum("oldest_pending_seconds"),
    write: formatSeconds,
    hint: "age of the oldest publication that waits for delivery",
    isBad: (seconds) => seconds > longWait,
  },
  {
    title: "Event loop delay",
    read: (now) => now.sum("event_loop_delay_seconds", { process: "hub", quantile: "0.99" }),
    write: formatSeconds,
    hint: "99th percentile of the last ten seconds; above 100 ms the CPU is overloaded",
    isBad: (seconds) => seconds > late,
  },
  { title: "Memory", read: (now) => now.sum("process_resident_memory_bytes"), write: formatBytes },
];

/**
 * The cards at the top of the page. Each card shows the current value of a number, and its values of the last five
 * minutes.
 */
export class Cards {
  #cards;

  constructor(parent) {
    this.#cards = cards.map((card) => Object.assign(build(parent, card), card, { past: [] }));
  }

  show(now, change) {
    for (const card of this.#cards) {
      const value = card.read(now, change);
      card.past.push(value);
      if (card.past.length > remembered) card.past.shift();
      card.number.textContent = card.write(value);
      card.element.classList.toggle("bad", card.isBad?.(value) === true);
      card.sparkline.show([...Array.from({ length: remembered - card.past.length }, () => 0), ...card.past]);
    }
  }

  /** Call this method after a restart of the hub. */
  clear() {
    for (const card of this.#cards) card.past = [];
  }
}

function build(parent, { title, hint }) {
  const element = document.createElement("div");
  const term = document.createElement("dt");
  const number = document.createElement("dd");
  const chart = document.createElement("dd");
  const sparkline = createSparkline(remembered);
  term.textContent = title;
  if (hint) element.title = `${title}: ${hint}`;
  chart.append(sparkline.svg);
  element.append(term, number, chart);
  parent.append(element);
  return { element, number, sparkline };
}
