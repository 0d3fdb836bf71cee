const slowMs = 6_000;
const names = {
  idle: "Idle",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Waiting",
  closed: "Refused",
};

/**
 * Shows the state of the connection in the header and in the title of the tab, and details in the line below the
 * filters.
 */
export class StateLine {
  #ui;
  #help;
  #state = { kind: "connecting" };
  #since = Date.now();
  #hasGap = false;
  #filters = [];
  #refusal = "";

  constructor(ui) {
    this.#ui = ui;
    this.#help = ui.note.textContent;
  }

  show(state) {
    this.#state = state;
    this.#since = Date.now();
    this.tick();
  }

  /** Shows the filters of the page, and the reason why the hub refused other filters. */
  showFilters(filters, refusal = "") {
    this.#filters = filters;
    this.#refusal = refusal;
    this.tick();
  }

  tellGap() {
    this.#hasGap = true;
    this.tick();
  }

  clear() {
    this.#hasGap = false;
    this.tick();
  }

  /** Call this method once per second to update the countdown. */
  tick() {
    const { kind, reason } = this.#state;
    const { state, note, retry, clock } = this.#ui;
    const name = kind === "open" && this.#hasGap ? "Connected, gap" : names[kind];
    document.body.dataset.state = kind;
    setText(state, name);
    setTitle(`${name}: ${filterText(this.#filters)} – Pharos`);
    retry.hidden = kind !== "waiting" && kind !== "closed";
    setText(note, this.#refusal || (reason ?? (this.#isSlow() ? slowText : this.#help)));
    note.classList.toggle("bad", this.#refusal !== "" || kind === "closed");
    setText(clock, this.#clockText());
  }

  #isSlow() {
    return this.#state.kind === "connecting" && Date.now() - this.#since > slowMs;
  }

  #clockText() {
    const { kind, delayMs } = this.#state;
    if (kind !== "waiting" || delayMs === undefined) return "";
    const seconds = Math.max(0, Math.round((this.#since + delayMs - Date.now()) / 1000));
    return `Retry in ${seconds} s.`;
  }
}

const slowText =
  "No response yet. Is the hub running? Are other tabs open? A browser opens about six streams to one server.";

/** The first filter, and the number of the others: a tab shows about 20 characters. */
function filterText([first = "broadcast", ...others]) {
  return others.length === 0 ? first : `${first} +${others.length}`;
}

/** Does not replace a text by an equal text, so that screen readers do not announce the text every second. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setTitle(text) {
  if (document.title !== text) document.title = text;
}
