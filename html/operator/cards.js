import { createSparkline } from "../sparkline.js";
import { formatBytes, formatNumber, formatSeconds } from "./format.js";

/** Readings that a card remembers: five minutes, one every two seconds. */
const remembered = 150;

/** From here on the event loop is too late, as the documentation of the metric says, and waiting is worth a look, in seconds. */
const late = 0.1;
const longWait = 2;

/** What each card shows: how it is read from the present figures and the change since the last, and how it is written. */
const cards = [
  { title: "Streams", read: (now) => now.sum("connections"), write: formatNumber },
  {
    title: "Streams behind",
    read: (now) => now.sum("laggards"),
    write: formatNumber,
    hint: "did not take what was written in time, and read from history",
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
    hint: "of the oldest publication that waits for a round",
    isBad: (seconds) => seconds > longWait,
  },
  {
    title: "Event loop late by",
    read: (now) => now.sum("event_loop_delay_seconds", { quantile: "0.99" }),
    write: formatSeconds,
    hint: "at most, in 99 of 100 turns of the last ten seconds; above 100 ms the processor is not enough",
    isBad: (seconds) => seconds > late,
  },
  { title: "Memory", read: (now) => now.sum("process_resident_memory_bytes"), write: formatBytes },
];

/** The cards on top, each a number with its last five minutes. */
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

  /** Of another run of the hub nothing is kept. */
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
