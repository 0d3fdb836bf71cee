/**
 * Tabs as in the ARIA authoring practices: arrow keys, Home and End choose a tab. `onChoose` gets the name of the view
 * (`data-view`). The tabs only call `onChoose`. The page then changes its hash and calls `show`, which makes the view
 * visible.
 */
export class Tabs {
  #list;
  #onChoose;

  constructor({ list, onChoose }) {
    this.#list = list;
    this.#onChoose = onChoose;
    list.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) onChoose(tab.dataset.view);
    });
    list.addEventListener("keydown", (event) => this.#onKey(event));
  }

  show(view) {
    for (const tab of this.#list.children) {
      const isShown = tab.dataset.view === view;
      tab.ariaSelected = String(isShown);
      tab.tabIndex = isShown ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).classList.toggle("shown", isShown);
    }
  }

  #onKey(event) {
    // On a wide page the tab of the events is hidden.
    const tabs = [...this.#list.children].filter((tab) => tab.offsetParent !== null);
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = tabs.indexOf(document.activeElement);
    const next = Number.isFinite(step)
      ? (at + step + tabs.length) % tabs.length
      : step < 0
        ? 0
        : tabs.length - 1;
    tabs[next].focus();
    this.#onChoose(tabs[next].dataset.view);
  }
}
