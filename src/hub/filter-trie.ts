import type { TopicFilter } from "./filter.js";
import type { Topic } from "./topic.js";

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  readonly here: Set<T>;
  /** Values of filters that end in `#` below this level. */
  readonly below: Set<T>;
}

/**
 * Holds values under topic filters and finds those whose filters match a topic, in time that depends on the topic's
 * levels and on the matches, not on how many filters there are.
 */
export class FilterTrie<T> {
  readonly #exact = new Map<string, Set<T>>();
  readonly #all = new Set<T>();
  readonly #root: Node<T> = createNode();

  /** True when nothing is held, down to the last node. */
  get isEmpty(): boolean {
    const { children, below } = this.#root;
    return this.#exact.size + this.#all.size + children.size + below.size === 0;
  }

  /** Adding the same value under the same filter again changes nothing. */
  add(filter: TopicFilter, value: T): void {
    switch (filter.kind) {
      case "exact": {
        const values = this.#exact.get(filter.topic);
        if (values === undefined) this.#exact.set(filter.topic, new Set([value]));
        else values.add(value);
        return;
      }
      case "all":
        this.#all.add(value);
        return;
      case "mqtt":
        place(this.#root, filter.levels, true)?.add(value);
        return;
      default:
        filter satisfies never;
    }
  }

  /** Removes the value from under this filter; nothing happens when it is not there. */
  remove(filter: TopicFilter, value: T): void {
    switch (filter.kind) {
      case "exact": {
        const values = this.#exact.get(filter.topic);
        values?.delete(value);
        if (values?.size === 0) this.#exact.delete(filter.topic);
        return;
      }
      case "all":
        this.#all.delete(value);
        return;
      case "mqtt":
        place(this.#root, filter.levels, false)?.delete(value);
        prune(this.#root, filter.levels, 0);
        return;
      default:
        filter satisfies never;
    }
  }

  /** Calls `visit` for each value with a matching filter; twice where two of its filters match. */
  match(topic: Topic, visit: (value: T) => void): void {
    this.#exact.get(topic)?.forEach(visit);
    this.#all.forEach(visit);
    const root = this.#root;
    if (root.children.size === 0 && root.below.size === 0) return;
    const levels = topic.split("/");
    if (topic.startsWith("$")) {
      // Wildcards in the first level do not see $ topics [MQTT 5.0, 4.7.2].
      const child = root.children.get(levels[0] ?? "");
      if (child !== undefined) walk(child, { levels, index: 1, visit });
    } else {
      walk(root, { levels, index: 0, visit });
    }
  }
}

function createNode<T>(): Node<T> {
  return { children: new Map(), here: new Set(), below: new Set() };
}

function place<T>(root: Node<T>, levels: readonly string[], create: boolean): Set<T> | undefined {
  let node = root;
  for (const level of levels) {
    if (level === "#") return node.below;
    let child = node.children.get(level);
    if (child === undefined) {
      if (!create) return undefined;
      child = createNode();
      node.children.set(level, child);
    }
    node = child;
  }
  return node.here;
}

interface Walk<T> {
  readonly levels: readonly string[];
  readonly index: number;
  readonly visit: (value: T) => void;
}

function walk<T>(node: Node<T>, step: Walk<T>): void {
  node.below.forEach(step.visit);
  const level = step.levels[step.index];
  if (level === undefined) {
    node.here.forEach(step.visit);
    return;
  }
  const next = { ...step, index: step.index + 1 };
  const literal = level === "+" ? undefined : node.children.get(level);
  if (literal !== undefined) walk(literal, next);
  const any = node.children.get("+");
  if (any !== undefined) walk(any, next);
}

/** Removes the nodes along `levels` that hold nothing any more; true when `node` itself is empty. */
function prune<T>(node: Node<T>, levels: readonly string[], index: number): boolean {
  const level = levels[index];
  if (level !== undefined && level !== "#") {
    const child = node.children.get(level);
    if (child !== undefined && prune(child, levels, index + 1)) node.children.delete(level);
  }
  return node.children.size === 0 && node.here.size === 0 && node.below.size === 0;
}
