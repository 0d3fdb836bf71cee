import { copyOnClick } from "./copy.js";
import { showWithEnd } from "./ends.js";
import { formatTime } from "./event-table.js";
import { viewOf } from "./json-view.js";

/** Shows one event with all its fields. Escape or the button closes the inspector. `onClose` restores the focus. */
export class Inspector {
  #section;
  #parts;
  #onClose;
  #item;

  constructor({ section, onClose }) {
    this.#section = section;
    this.#onClose = onClose;
    this.#parts = Object.fromEntries(
      [...section.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]),
    );
    this.#parts.close.addEventListener("click", () => this.close());
    copyOnClick(this.#parts.copy, () => this.#item.data);
  }

  get isOpen() {
    return !this.#section.hidden;
  }

  /** The open event; undefined if the inspector is closed. */
  get item() {
    return this.isOpen ? this.#item : undefined;
  }

  show(item) {
    this.#item = item;
    const { title, fields, data } = this.#parts;
    showWithEnd(
      title,
      item.isGap ? "Gap" : item.topics.join(" ") || (item.isMissing ? "Event not received" : "Event"),
    );
    fields.replaceChildren(...factsOf(item).flatMap(([name, value]) => entry(name, value)));
    data.replaceChildren(...viewOf(item.raw ?? item.data));
    this.#section.hidden = false;
    data.scrollTop = 0;
  }

  close() {
    if (!this.isOpen) return;
    this.#section.hidden = true;
    this.#onClose();
  }
}

function factsOf({ at, id, topics, type, retained, data, isMissing }) {
  if (isMissing) return [["Id", id]];
  const facts = [
    ["Id", id || "none"],
    ["Topics", topics.join(", ") || "not shown"],
    ["Type", type],
    ["Arrived", formatTime(at)],
    ["Size", `${new Blob([data]).size.toLocaleString("en")} bytes`],
  ];
  return retained ? [...facts, ["Retained", "the present value, sent first"]] : facts;
}

function entry(name, value) {
  const term = document.createElement("dt");
  const description = document.createElement("dd");
  term.textContent = name;
  description.textContent = value;
  return [term, description];
}
