import { anyLevel } from "../patterns/literal-prefix.js";
import type { Level } from "../patterns/literal-prefix.js";

/**
 * A pattern in an index. The index uses `place` to find the few patterns that may match a topic. The caller then
 * compares each of these patterns with the topic.
 */
export interface Pattern {
  /** The key of the pattern in the index. */
  readonly text: string;
  /**
   * The levels under which the index holds the pattern. Undefined if the pattern does not begin with literal text.
   * The hub compares such a pattern with every topic.
   */
  readonly place: readonly Level[] | undefined;
  /** The number of varying parts of the pattern. */
  readonly varying: number;
}

/** The cost of patterns that are compared with the same topics. */
export interface Load {
  readonly patterns: number;
  readonly parts: number;
}

interface Held<P, T> {
  readonly pattern: P;
  readonly values: Set<T>;
}

interface Node<P, T> {
  children?: Map<Level, Node<P, T>>;
  here?: Map<string, Held<P, T>>;
}

type Visit<P, T> = (pattern: P, values: ReadonlySet<T>) => void;

/** Maps patterns to values. The first levels of a topic lead to the few patterns that may match the topic. */
export class PatternIndex<P extends Pattern, T> {
  readonly #root: Node<P, T> = {};
  readonly #everywhere = new Map<string, Held<P, T>>();
  #size = 0;

  /** The number of patterns. */
  get size(): number {
    return this.#size;
  }

  has(pattern: P): boolean {
    return this.#at(pattern.place)?.has(pattern.text) ?? false;
  }

  /** The cost of the patterns at this place. */
  loadAt(place: Pattern["place"]): Load {
    let patterns = 0;
    let parts = 0;
    for (const { pattern } of this.#at(place)?.values() ?? []) {
      patterns += 1;
      parts += pattern.varying;
    }
    return { patterns, parts };
  }

  /** Adds a value to a pattern; no effect if the pattern already has the value. True if the pattern is new. */
  add(pattern: P, value: T): boolean {
    const here = this.#at(pattern.place) ?? this.#make(pattern.place ?? []);
    const held = here.get(pattern.text);
    if (held !== undefined) {
      held.values.add(value);
      return false;
    }
    here.set(pattern.text, { pattern, values: new Set([value]) });
    this.#size += 1;
    return true;
  }

  /**
   * Removes a value from a pattern; no effect if the pattern does not have the value. True if the value was the last
   * one, so that the index removed the pattern too.
   */
  remove(pattern: P, value: T): boolean {
    const here = this.#at(pattern.place);
    const held = here?.get(pattern.text);
    if (here === undefined || held?.values.delete(value) !== true || held.values.size > 0) return false;
    here.delete(pattern.text);
    this.#size -= 1;
    if (pattern.place !== undefined) prune(this.#root, pattern.place);
    return true;
  }

  /** Calls `visit` for each pattern that may match a topic that begins with these levels. */
  candidates(levels: readonly string[], visit: Visit<P, T>): void {
    for (const { pattern, values } of this.#everywhere.values()) visit(pattern, values);
    new Walk(levels, visit).from(this.#root, 0);
  }

  #at(place: Pattern["place"]): Map<string, Held<P, T>> | undefined {
    if (place === undefined) return this.#everywhere;
    let node: Node<P, T> | undefined = this.#root;
    for (const level of place) node = node?.children?.get(level);
    return node?.here;
  }

  #make(place: readonly Level[]): Map<string, Held<P, T>> {
    let node = this.#root;
    for (const level of place) {
      node.children ??= new Map();
      const child: Node<P, T> = node.children.get(level) ?? {};
      node.children.set(level, child);
      node = child;
    }
    node.here ??= new Map();
    return node.here;
  }
}

/** Removes the empty nodes of one place. True if `node` is empty afterwards. */
function prune<P, T>(node: Node<P, T>, place: readonly Level[]): boolean {
  const [level, ...rest] = place;
  const child = level === undefined ? undefined : node.children?.get(level);
  if (level !== undefined && child !== undefined && prune(child, rest)) node.children?.delete(level);
  if (node.children?.size === 0) delete node.children;
  if (node.here?.size === 0) delete node.here;
  return node.children === undefined && node.here === undefined;
}

class Walk<P, T> {
  readonly #levels: readonly string[];
  readonly #visit: Visit<P, T>;

  constructor(levels: readonly string[], visit: Visit<P, T>) {
    this.#levels = levels;
    this.#visit = visit;
  }

  from(node: Node<P, T>, index: number): void {
    for (const { pattern, values } of node.here?.values() ?? []) this.#visit(pattern, values);
    const level = this.#levels[index];
    if (level === undefined || node.children === undefined) return;
    const literal = node.children.get(level);
    if (literal !== undefined) this.from(literal, index + 1);
    const any = node.children.get(anyLevel);
    if (any !== undefined) this.from(any, index + 1);
  }
}
