import type { Matcher, ActiveSubscription } from "./subscriber.js";

/** The subscriptions after all changes that presence has published or dropped so far. */
export class ActiveSubscriptions {
  readonly #all = new Set<ActiveSubscription>();
  readonly #byText = new Map<string, Set<ActiveSubscription>>();
  #version = 0;

  get size(): number {
    return this.#all.size;
  }

  /** A number that changes with each change of the subscriptions. */
  get version(): number {
    return this.#version;
  }

  add(subscription: ActiveSubscription): void {
    const { text } = subscription.matcher;
    this.#all.add(subscription);
    const others = this.#byText.get(text);
    if (others === undefined) this.#byText.set(text, new Set([subscription]));
    else others.add(subscription);
    this.#version += 1;
  }

  /** Removes a subscription that was added before. */
  remove(subscription: ActiveSubscription): void {
    const { text } = subscription.matcher;
    this.#all.delete(subscription);
    const others = this.#byText.get(text);
    others?.delete(subscription);
    if (others?.size === 0) this.#byText.delete(text);
    this.#version += 1;
  }

  /** All subscriptions, in the order of their first events. */
  all(): Iterable<ActiveSubscription> {
    return this.#all;
  }

  /** The subscriptions with a matcher of this text, in the order of their first events. */
  of(text: Matcher["text"]): Iterable<ActiveSubscription> {
    return this.#byText.get(text) ?? [];
  }
}
