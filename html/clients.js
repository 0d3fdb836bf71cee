import { disconnectUrl, subscriptionsUrl } from "./address.js";
import { askHub } from "./ask-hub.js";
import { showWithEnd } from "./ends.js";
import { reasonInWords } from "./reason.js";

/** The number of filters in the list. */
const mostFilters = 500;

/**
 * Who follows what, and a form that disconnects a subject. Both need a token with the right. `token` returns the token of
 * the page.
 */
export class Clients {
  #ui;
  #token;
  /** Counts the requests. Only the answer to the last one counts. */
  #turn = 0;

  constructor(ui, { token }) {
    this.#ui = ui;
    this.#token = token;
    ui["clients-again"].addEventListener("click", () => void this.show());
    ui.disconnect.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#disconnect(ui["disconnect-subject"].value.trim());
    });
  }

  /** Asks the hub for the active subscriptions. */
  async show() {
    const mine = ++this.#turn;
    const rows = this.#ui["client-rows"];
    this.#tell("Asking the hub …");
    const answer = await askHub(subscriptionsUrl(), { token: this.#token() }).catch((error) => ({ error }));
    if (mine !== this.#turn) return;
    rows.replaceChildren();
    if (answer.error) return this.#tell(reasonOf(answer.error));
    const filters = grouped(answer.subscriptions);
    const shown = [...filters].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, mostFilters);
    rows.append(...shown.map((entry) => this.#row(entry)));
    const subscribers = new Set(answer.subscriptions.map(({ subscriber }) => subscriber));
    const more = filters.size > shown.length ? `, of which ${shown.length} are shown` : "";
    this.#tell(`${count(subscribers.size, "stream")} with ${count(filters.size, "filter")}${more}.`);
  }

  #row([filter, subscriptions]) {
    const row = this.#ui["client-row"].content.firstElementChild.cloneNode(true);
    const [name, streams] = row.children;
    showWithEnd(name, filter);
    const payloads = subscriptions.flatMap(({ payload }) => (payload === undefined ? [] : [payload]));
    const texts = [...new Set(payloads.map((payload) => JSON.stringify(payload)))];
    const some = texts.slice(0, 5).join(" ") + (texts.length > 5 ? " …" : "");
    streams.textContent = `${count(subscriptions.length, "stream")} ${some}`.trim();
    return row;
  }

  async #disconnect(subject) {
    const { disconnected } = this.#ui;
    if (subject === "") return;
    try {
      const { ended } = await askHub(disconnectUrl(), { token: this.#token(), body: { subject } });
      disconnected.textContent = `${count(ended, "stream")} of ${subject} ended at this hub.`;
      await this.show();
    } catch (error) {
      disconnected.textContent = reasonInWords(error.message);
    }
  }

  #tell(text) {
    this.#ui["clients-note"].textContent = text;
  }
}

function reasonOf({ message, status }) {
  if (status === 404) return "This hub does not list its clients: its setting subscriptions is off.";
  return reasonInWords(message);
}

/** The subscriptions of each filter. The list for a token of the older form has it as `topic`. */
function grouped(subscriptions) {
  const groups = new Map();
  for (const each of subscriptions) {
    const filter = each.match ?? each.topic;
    const group = groups.get(filter);
    if (group) group.push(each);
    else groups.set(filter, [each]);
  }
  return groups;
}

const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
