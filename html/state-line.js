const slowMs = 6_000;
const names = {
  idle: "Idle",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Waiting",
  closed: "Refused",
};

/** What the connection does, in the header and, where there is more to say, in the line below the filters. */
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

  /** To be called once a second: it counts down. */
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
    return `again in ${seconds} s`;
  }
}

const slowText =
  "No answer yet: is the hub running? Or are there other tabs? A browser opens about six streams to one server.";

/** Leaves what is already right alone, so that a status is not announced again every second. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
