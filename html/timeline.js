import { formatTime } from "./event-table.js";

const mostEntries = 200;
const spanMs = 10 * 60_000;
const namespace = "http://www.w3.org/2000/svg";

/**
 * The history of the connection: a list, newest first, and a strip of the last ten minutes with one colour per state.
 * An entry is `{kind, text}`. The kind is one of `connecting open waiting closed gap resumed`. The kinds `gap` and
 * `resumed` do not change the state.
 */
export class Timeline {
  #list;
  #strip;
  #template;
  #entries = [];

  constructor({ list, strip, template }) {
    this.#list = list;
    this.#strip = strip;
    this.#template = template.content.firstElementChild;
  }

  add({ kind, text }) {
    const at = new Date();
    this.#entries.push({ kind, at });
    if (this.#entries.length > mostEntries) this.#entries.shift();
    this.#list.prepend(this.#build({ kind, text, at }));
    while (this.#list.childElementCount > mostEntries) this.#list.lastElementChild.remove();
    this.show();
  }

  /** Draws the strip up to the current time. */
  show() {
    const now = Date.now();
    const began = now - spanMs;
    const states = this.#entries.filter(({ kind }) => !marks.has(kind));
    const bars = states.map(({ kind, at }, n) =>
      rect(kind, fraction(at, began), fraction(states[n + 1]?.at ?? now, began)),
    );
    const gaps = this.#entries.filter(({ kind, at }) => marks.has(kind) && at >= began);
    this.#strip.replaceChildren(...bars, ...gaps.map(({ kind, at }) => mark(kind, fraction(at, began))));
  }

  #build({ kind, text, at }) {
    const item = this.#template.cloneNode(true);
    const [time, name, detail] = item.children;
    item.dataset.kind = kind;
    time.textContent = formatTime(at).slice(0, 8);
    time.dateTime = at.toISOString();
    name.textContent = names[kind];
    detail.textContent = text;
    return item;
  }
}

const names = {
  idle: "Idle",
  connecting: "Connecting",
  open: "Opened",
  waiting: "Dropped",
  closed: "Closed",
  gap: "Gap",
  resumed: "Resumed",
};

/** The kinds of entries that have no duration. */
const marks = new Set(["gap", "resumed"]);

const fraction = (at, began) => Math.max(0, (at - began) / spanMs);

function rect(kind, from, to) {
  const element = document.createElementNS(namespace, "rect");
  element.setAttribute("class", kind);
  element.setAttribute("x", (from * 600).toFixed(1));
  element.setAttribute("width", Math.max(0, (to - from) * 600).toFixed(1));
  element.setAttribute("height", "20");
  return element;
}

function mark(kind, at) {
  const element = rect(kind, at, at);
  element.setAttribute("width", "3");
  return element;
}
