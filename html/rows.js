const limit = 500;
const shownCharacters = 4_000;

/**
 * The list of messages, newest first. Work on the document happens once a frame and for at most 500 rows, so its
 * cost does not follow the publishing rate. Text from events only ever becomes text.
 */
export class Rows {
  #list;
  #template;
  #onChange;
  #pending = [];
  #frame = 0;
  paused = false;

  constructor({ list, template, onChange }) {
    this.#list = list;
    this.#template = template.content.firstElementChild;
    this.#onChange = onChange;
  }

  get held() {
    return Math.min(this.#pending.length, limit);
  }

  get empty() {
    return this.#list.childElementCount === 0;
  }

  add(row) {
    this.#pending.push(row);
    if (this.#pending.length >= 2 * limit) this.#pending.splice(0, limit); // in blocks: moving the array each time would cost
    this.#schedule();
  }

  clear() {
    this.#pending = [];
    this.#list.replaceChildren();
    this.#schedule();
  }

  setPaused(paused) {
    this.paused = paused;
    this.#schedule();
  }

  #schedule() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.paused) this.#show();
      this.#onChange();
    });
  }

  #show() {
    const fresh = this.#pending.splice(0).slice(-limit).toReversed();
    this.#list.prepend(...fresh.map((row) => this.#build(row)));
    while (this.#list.childElementCount > limit) this.#list.lastElementChild.remove();
  }

  #build({ at, type, id, text, gap }) {
    const item = this.#template.cloneNode(true);
    const [time, kind, identity, data] = item.children;
    time.textContent = formatTime(at);
    time.dateTime = at.toISOString();
    kind.textContent = type === "message" ? "" : type;
    identity.textContent = id;
    data.textContent = shorten(text);
    item.classList.toggle("gap", gap);
    return item;
  }
}

const formatTime = (at) =>
  `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;

function shorten(text) {
  if (text.length <= shownCharacters) return text;
  return `${text.slice(0, shownCharacters)} … (${text.length.toLocaleString("en")} characters)`;
}

const reasons = {
  "unknown-id": "the last event id is not in history",
  "other-epoch": "the hub was started again",
  evicted: "history is full",
  "too-many-changes": "too many subscriptions began and ended",
};

/** What a `pharos-gap` event says, as a sentence. */
export function gapSentence(data) {
  const notice = parseNotice(data);
  const reason = Object.hasOwn(reasons, notice.reason) ? reasons[notice.reason] : "no reason was given";
  const topics = notice.topics.map(({ topic, missedAtMost }) => `at most ${missedAtMost} on ${topic}`);
  if (notice.more) topics.push(topics.length ? "others on more topics" : "how many is not known");
  return `Some publications are gone: ${[reason, ...topics].join("; ")}.`;
}

function parseNotice(data) {
  try {
    const notice = JSON.parse(data);
    const topics = Array.isArray(notice?.topics) ? notice.topics.filter((entry) => entry?.topic) : [];
    return { reason: notice?.reason, topics, more: notice?.more === true };
  } catch {
    return { topics: [], more: false };
  }
}
