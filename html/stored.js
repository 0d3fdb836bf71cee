import { historyUrl, topicListUrl } from "./address.js";
import { askHub } from "./ask-hub.js";
import { showWithEnd } from "./ends.js";
import { formatTime } from "./event-table.js";
import { gapSentence } from "./gap.js";
import { reasonInWords } from "./reason.js";

/** The number of characters of data that a row shows. */
const shownCharacters = 300;

/**
 * What the hub has stored: the list of topics, or the publications of one topic, newest first, in pages. `onChoose` gets
 * the topic that the user chooses, and `onOpen` the event that the user opens. `token` returns the token of the page.
 */
export class Stored {
  #ui;
  #onChoose;
  #onOpen;
  #token;
  /** Counts the requests. Only the answer to the last one counts. */
  #turn = 0;
  #topic = "";

  constructor(ui, { onChoose, onOpen, token }) {
    this.#ui = ui;
    this.#onChoose = onChoose;
    this.#onOpen = onOpen;
    this.#token = token;
    ui.history.addEventListener("submit", (event) => {
      event.preventDefault();
      const topic = ui["history-topic"].value.trim();
      if (topic === this.#topic) void this.show(topic);
      else onChoose(topic);
    });
    ui["history-all"].addEventListener("click", () => onChoose(""));
    ui["history-older"].addEventListener("click", () => this.#showPage({ before: this.#firstId() }));
  }

  /** Asks the hub for the newest publications of this topic; for the list of topics if the text is empty. */
  async show(topic) {
    this.#topic = topic;
    const { "history-topic": field, "history-all": all, "history-events": events } = this.#ui;
    field.value = topic;
    all.hidden = topic === "";
    events.replaceChildren();
    await (topic === "" ? this.#showTopics() : this.#showPage({}));
  }

  async #showTopics() {
    const answer = await this.#ask(topicListUrl());
    if (answer === undefined) return;
    const { topics, more } = answer;
    this.#ui["history-events"].replaceChildren(...topics.map((each) => this.#topicRow(each)));
    this.#tell(
      topics.length === 0
        ? "The hub has no publications that you may read."
        : `${count(topics.length, "topic")}${more ? "; the hub has more. Enter the name of a topic to see it" : ""}.`,
    );
  }

  async #showPage(place) {
    const isFirst = place.before === undefined;
    const answer = await this.#ask(historyUrl(this.#topic, place));
    if (answer === undefined) return;
    const { events, stored, published, more, gap, retained } = answer;
    const rows = events.toReversed().map((each) => this.#eventRow(each));
    const value = isFirst && retained !== undefined ? [this.#eventRow(retained)] : [];
    this.#ui["history-events"].append(...value, ...rows);
    this.#ui["history-older"].hidden = !more;
    const all = `${count(stored, "publication")} of ${published.toLocaleString("en")} in the hub’s memory.`;
    const isShort = gap !== undefined && !more && published > stored;
    this.#tell(isShort && gap.reason !== "evicted" ? `${all} ${gapSentence(gap)}` : all);
  }

  /** The id of the oldest publication that the page shows. */
  #firstId() {
    return this.#ui["history-events"].lastElementChild?.dataset.id ?? "";
  }

  async #ask(url) {
    const mine = ++this.#turn;
    this.#tell("Asking the hub …");
    this.#ui["history-older"].hidden = true;
    const answer = await askHub(url, { token: this.#token() }).catch((error) => ({ error }));
    if (mine !== this.#turn) return undefined;
    if (answer.error === undefined) return answer;
    this.#tell(reasonInWords(answer.error.message));
    return undefined;
  }

  #tell(text) {
    this.#ui["history-note"].textContent = text;
  }

  #topicRow({ topic, stored, published, subscribers }) {
    const row = this.#row({ text: topic, title: "Show the history of this topic" }, () =>
      this.#onChoose(topic),
    );
    row.lastElementChild.textContent =
      `${count(stored, "publication")} of ${published.toLocaleString("en")}, ` + count(subscribers, "stream");
    return row;
  }

  #eventRow(event) {
    const at = new Date(event.time);
    const item = { type: "message", ...event, at };
    const row = this.#row({ text: event.id, title: "Open this event" }, (button) =>
      this.#onOpen(item, button),
    );
    row.dataset.id = event.id;
    const [time, data] = [document.createElement("time"), document.createElement("span")];
    time.dateTime = event.time;
    time.textContent = `${momentOf(at)} `;
    data.textContent = event.data.slice(0, shownCharacters);
    row.lastElementChild.append(time, ...(event.retained ? [badge()] : []), data);
    return row;
  }

  #row({ text, title }, onClick) {
    const row = this.#ui["history-row"].content.firstElementChild.cloneNode(true);
    const button = row.firstElementChild.firstElementChild;
    showWithEnd(button, text);
    button.title = title;
    button.ariaLabel = text;
    button.addEventListener("click", () => onClick(button));
    return row;
  }
}

const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

/** The local time of day; with the date if it is not today. */
function momentOf(at) {
  const isToday = at.toDateString() === new Date().toDateString();
  if (isToday) return formatTime(at);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  return `${day.map((part) => String(part).padStart(2, "0")).join("-")} ${formatTime(at).slice(0, 8)}`;
}

function badge() {
  const element = document.createElement("span");
  element.className = "badge";
  element.textContent = "retained";
  return element;
}
