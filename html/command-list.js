import { copyOnClick } from "./copy.js";

/** A list of commands, each with a title and a copy button. */
export class Commands {
  #parent;
  #template;
  #blocks = [];

  constructor({ parent, template }) {
    this.#parent = parent;
    this.#template = template.content.firstElementChild;
  }

  /** Replaces only the texts of the commands, so that the focus does not move. The titles must stay the same. */
  show(commands) {
    if (this.#blocks.length === 0) this.#blocks = commands.map(({ title }) => this.#build(title));
    for (const [n, { text }] of commands.entries()) this.#blocks[n].textContent = text;
  }

  #build(title) {
    const figure = this.#template.cloneNode(true);
    const [caption, pre] = figure.children;
    const [name, button] = caption.children;
    name.textContent = title;
    pre.ariaLabel = title;
    button.ariaLabel = `Copy ${title}`;
    copyOnClick(button, () => pre.textContent);
    this.#parent.append(figure);
    return pre;
  }
}
