import { showWithEnd } from "./ends.js";

/**
 * A field for several values. Enter or the field's button adds a value; × or Backspace in the empty field removes a
 * value. `show` sets the values. After a change by the user, the field only calls `onChange` with the new values,
 * because the page's hash stores the values.
 */
export class Chips {
  #list;
  #input;
  #template;
  #onChange;
  #values = [];

  constructor({ form, template, onChange }) {
    this.#list = form.querySelector("ul");
    this.#input = form.querySelector("input");
    this.#template = template.content.firstElementChild;
    this.#onChange = onChange;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add(this.#input.value);
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !event.repeat && this.#input.value === "")
        this.#onChange(this.#values.slice(0, -1));
    });
  }

  show(values) {
    this.#values = values;
    this.#list.replaceChildren(...values.map((value) => this.#build(value)));
    this.#input.classList.toggle("more", values.length > 0);
  }

  #add(value) {
    this.#input.value = "";
    this.#onChange([...new Set([...this.#values, value])].filter(Boolean));
  }

  #build(value) {
    const chip = this.#template.cloneNode(true);
    const [text, button] = chip.children;
    showWithEnd(text, value);
    button.setAttribute("aria-label", `Remove ${value}`);
    button.addEventListener("click", () => {
      this.#onChange(this.#values.filter((other) => other !== value));
      this.#input.focus();
    });
    return chip;
  }
}
