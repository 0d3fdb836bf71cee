import { showWithEnd } from "./ends.js";
import { Frames } from "./frames.js";
import { matcherOf } from "./event-store.js";

/** The number of rows in the table, low enough to draw all rows in one frame. */
const mostRows = 300;

/** The number of characters of data that a row shows. */
const shownCharacters = 300;

/**
 * The newest events as rows of a grid, newest first. The arrow keys move through the rows, and Enter opens an event.
 * The table draws at most 300 rows in animation frames, so the cost does not grow with the rate of events. The browser
 * never parses the text of events as HTML.
 *
 * The table calls `onOpen(item)` with the event to show, and `onDraw()` after each drawing.
 */
export class EventTable {
  #body;
  #template;
  #store;
  #onOpen;
  #onDraw;
  #frames = new Frames(() => this.#draw());
  #matches = matcherOf("");
  #isStale = true;
  #drawnKey = 0;
  #openKey = 0;
  #pausedAt;

  constructor({ body, template, store, onOpen, onDraw }) {
    this.#body = body;
    this.#template = template.content.firstElementChild;
    this.#store = store;
    this.#onOpen = onOpen;
    this.#onDraw = onDraw;
    body.addEventListener("keydown", (event) => this.#onKey(event));
    body.addEventListener("click", (event) => this.#open(event.target.closest("[role=row]")));
    body.addEventListener("focusin", (event) => this.#makeReachable(event.target.closest("[role=row]")));
  }

  get rows() {
    return this.#body.childElementCount;
  }

  get isPaused() {
    return this.#pausedAt !== undefined;
  }

  /** The number of events since the pause. */
  get held() {
    return this.isPaused ? this.#store.lastKey - this.#pausedAt : 0;
  }

  /** Call this method after new events were stored. */
  update() {
    this.#frames.ask();
  }

  /** Draws all rows again. */
  redraw() {
    this.#isStale = true;
    this.#frames.ask();
  }

  search(text) {
    this.#matches = matcherOf(text);
    this.redraw();
  }

  setPaused(isPaused) {
    this.#pausedAt = isPaused ? this.#store.lastKey : undefined;
    this.#frames.ask();
  }

  /** Moves the focus to the row of the event that was open. */
  focusOpened() {
    const row = this.#rowOf(this.#openKey) ?? this.#body.firstElementChild;
    this.#openKey = 0;
    for (const each of this.#body.querySelectorAll("[aria-selected=true]")) each.ariaSelected = "false";
    row?.focus();
  }

  /** Marks the row of this event as open, also if the row is not drawn yet. Does not call `onOpen`. */
  mark({ key }) {
    this.#rowOf(this.#openKey)?.setAttribute("aria-selected", "false");
    this.#openKey = key;
    this.#rowOf(key)?.setAttribute("aria-selected", "true");
  }

  #draw() {
    const after = this.#isStale ? 0 : this.#drawnKey;
    const upTo = this.#pausedAt ?? this.#store.lastKey;
    const fresh = this.#store.newest({ matches: this.#matches, after, upTo, count: mostRows });
    const rows = fresh.map((item) => this.#build(item));
    if (this.#isStale) this.#body.replaceChildren(...rows);
    else this.#body.prepend(...rows);
    this.#isStale = false;
    this.#drawnKey = Math.max(this.#drawnKey, upTo);
    this.#dropOld();
    this.#keepReachable();
    this.#onDraw();
  }

  #dropOld() {
    while (this.#body.childElementCount > mostRows) {
      const last = this.#body.lastElementChild;
      if (last === document.activeElement) last.previousElementSibling.focus();
      last.remove();
    }
  }

  /** The Tab key moves the focus to one row. From this row, the arrow keys reach the other rows. */
  #keepReachable() {
    if (this.#body.querySelector("[tabindex='0']") === null && this.#body.firstElementChild)
      this.#body.firstElementChild.tabIndex = 0;
  }

  #build(item) {
    const row = this.#template.cloneNode(true);
    const [time, topic, type, data, id] = row.children;
    row.dataset.key = item.key;
    row.ariaSelected = String(item.key === this.#openKey);
    time.textContent = formatTime(item.at);
    showWithEnd(topic, item.topics.join(" "));
    type.textContent = item.type === "message" ? "" : item.type;
    data.textContent = item.data.slice(0, shownCharacters);
    showWithEnd(id, item.id);
    row.classList.toggle("gap", item.isGap === true);
    row.classList.toggle("retained", item.retained === true);
    if (item.retained) type.append(badge("retained"));
    return row;
  }

  #onKey(event) {
    const row = event.target.closest("[role=row]");
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") this.#open(row);
    else if (Object.hasOwn(moves, event.key)) this.#move(moves[event.key](row, this.#body));
    else return;
    event.preventDefault();
  }

  #move(row) {
    if (!row) return;
    row.focus();
    if (this.#openKey !== 0) this.#open(row);
  }

  #makeReachable(row) {
    if (row === null) return;
    for (const each of this.#body.querySelectorAll("[tabindex='0']")) each.tabIndex = -1;
    row.tabIndex = 0;
  }

  #open(row) {
    const item = row && this.#store.find(Number(row.dataset.key));
    if (!item) return;
    this.mark(item);
    this.#onOpen(item);
  }

  #rowOf(key) {
    return this.#body.querySelector(`[data-key="${key}"]`);
  }
}

const pageRows = 10;

const moves = {
  ArrowDown: (row) => row.nextElementSibling,
  ArrowUp: (row) => row.previousElementSibling,
  PageDown: (row, body) => body.children[Math.min(indexOf(row) + pageRows, body.childElementCount - 1)],
  PageUp: (row, body) => body.children[Math.max(indexOf(row) - pageRows, 0)],
  Home: (_row, body) => body.firstElementChild,
  End: (_row, body) => body.lastElementChild,
};

const indexOf = (row) => [...row.parentElement.children].indexOf(row);

function badge(text) {
  const element = document.createElement("span");
  element.className = "badge";
  element.textContent = text;
  return element;
}

/** Local time of day with milliseconds. */
export function formatTime(at) {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
