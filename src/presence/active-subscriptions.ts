import type { Matcher, Subscriber } from "./subscriber.js";

/** The subscriptions that have been told of, and not yet of their end. */
export class ActiveSubscriptions {
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #byText = new Map<string, Set<Subscriber>>();
  #size = 0;
  #version = 0;

  /** How many there are: one for each matcher of each subscriber. */
  get size(): number {
    return this.#size;
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.set(subscriber.id, subscriber);
    for (const { text } of subscriber.matchers) {
      const subscribers = this.#byText.get(text);
      if (subscribers === undefined) this.#byText.set(text, new Set([subscriber]));
      else subscribers.add(subscriber);
    }
    this.#size += subscriber.matchers.length;
    this.#version += 1;
  }

  /** Takes one that was added. */
  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber.id);
    for (const { text } of subscriber.matchers) {
      const subscribers = this.#byText.get(text);
      subscribers?.delete(subscriber);
      if (subscribers?.size === 0) this.#byText.delete(text);
    }
    this.#size -= subscriber.matchers.length;
    this.#version += 1;
  }

  /** All subscribers, in the order in which they came. */
  subscribers(): Iterable<Subscriber> {
    return this.#subscribers.values();
  }

  /** Those with a matcher of this text, in the order in which they came. */
  subscribersOf(text: Matcher["text"]): Iterable<Subscriber> {
    return this.#byText.get(text) ?? [];
  }

  subscriber(id: string): Subscriber | undefined {
    return this.#subscribers.get(id);
  }
}
