const slowMs = 6_000;
const names = {
  idle: "Idle",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Waiting",
  closed: "Refused",
};

/** Shows the state of the connection in the header, and details in the line below the filters. */
export class StateLine {
  #ui;
  #help;
  #state = { kind: "connecting" };
  #since = Date.now();
  #hasGap = false;

  constructor(ui) {
    this.#ui = ui;
    this.#help = ui.note.textContent;
  }

  show(state) {
    this.#state = state;
    this.#since = Date.now();
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
    document.body.dataset.state = kind;
    setText(state, kind === "open" && this.#hasGap ? "Connected, with a gap" : names[kind]);
    retry.hidden = kind !== "waiting" && kind !== "closed";
    setText(note, reason ?? (this.#isSlow() ? slowText : this.#help));
    setText(clock, this.#clockText());
  }

  #isSlow() {
    return this.#state.kind === "connecting" && Date.now() - this.#since > slowMs;
  }

  #clockText() {
    const { kind, delayMs } = this.#state;
    if (kind !== "waiting" || delayMs === undefined) return "";
    const seconds = Math.max(0, Math.round((this.#since + delayMs - Date.now()) / 1000));
    return `retry in ${seconds} s`;
  }
}

const slowText =
  "No response yet. Is the hub running? Are other tabs open? A browser opens about six streams to one server.";

/** Does not replace a text by an equal text, so that screen readers do not announce the text every second. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
