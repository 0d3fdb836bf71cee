/** The number of stored events, and the characters of their data. */
const limits = { events: 2_000, characters: 16 * 1024 * 1024 };

/**
 * The newest events in order of arrival, limited in number and size. Each event has a `key`, a number that counts from
 * 1. A reader of the store remembers the key of the last event that it has read. A search compares the whole event and
 * ignores case.
 */
export class EventStore {
  #items = [];
  #characters = 0;
  #lastKey = 0;

  get lastKey() {
    return this.#lastKey;
  }

  /** Stores the item without a copy, and sets the item's key. */
  add(item) {
    item.key = ++this.#lastKey;
    this.#items.push(item);
    this.#characters += item.data.length;
    if (this.#items.length >= 2 * limits.events || this.#characters > 2 * limits.characters) this.#trim();
    return item;
  }

  clear() {
    this.#items = [];
    this.#characters = 0;
  }

  find(key) {
    return this.#items.find((item) => item.key === key);
  }

  /** The newest event with this id. */
  findId(id) {
    return this.#items.findLast((item) => item.id === id && !item.isGap);
  }

  /**
   * Returns the newest items that match, newest first, but at most `count` items. The keys of these items are above
   * `after` and not above `upTo`.
   */
  newest({ matches, after = 0, upTo = Infinity, count }) {
    const found = [];
    for (let at = this.#items.length - 1; at >= 0 && found.length < count; at--) {
      const item = this.#items[at];
      if (item.key <= after || this.#items.length - at > limits.events) break;
      if (item.key <= upTo && matches(item)) found.push(item);
    }
    return found;
  }

  /** Removes many events at a time, because moving the array for each event is slow. */
  #trim() {
    let kept = Math.max(0, this.#items.length - limits.events);
    for (let at = 0; at < kept; at++) this.#characters -= this.#items[at].data.length;
    for (; this.#characters > limits.characters && kept < this.#items.length - 1; kept++) {
      this.#characters -= this.#items[kept].data.length;
    }
    this.#items.splice(0, kept);
  }
}

/** Matches events that contain every word of the search. */
export function matcherOf(search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (item) => {
    item.searchText ??= `${item.topics.join(" ")} ${item.type} ${item.id} ${item.data}`.toLowerCase();
    return words.every((word) => item.searchText.includes(word));
  };
}
