import type { TopicFilter } from "../../hub/filters/filter.js";
import { partsPerPattern } from "../../hub/filters/filter-limits.js";
import type { FilterLimits } from "../../hub/filters/filter-limits.js";
import {
  hasExpression,
  heldBytes,
  isPattern,
  mixturesOf,
  patternCost,
  placeName,
} from "../../hub/filters/filter-cost.js";
import { Counter } from "./counter.js";

/**
 * An item that counts against the limits, with its amounts. An item is a filter, or a mixture of `+` and names in the
 * levels of a filter. An item that several streams share counts once.
 */
interface Item {
  readonly name: string;
  readonly sums: readonly Sum[];
}

interface Sum {
  readonly limit: keyof FilterLimits;
  /**
   * The group that the amount counts for; each group has the limit for itself. Patterns, and their variable parts,
   * form one group for each literal prefix.
   */
  readonly of: string;
  readonly amount: number;
}

/** The last words of the error message. */
const descriptions: Readonly<Record<keyof FilterLimits, string>> = Object.freeze({
  withoutPrefix: "patterns without a literal prefix",
  alike: "patterns that begin alike",
  expressions: "URL patterns with a regular expression",
  mixtures: "different mixtures of + and names",
  levels: "levels of filters with wildcards",
  bytes: "bytes of filters",
});

/** The filters that the streams of each client hold, and the costs of these filters. */
export class FilterQuota {
  readonly #clients = new Map<string, Holdings>();

  /** The clients with filters. */
  keys(): Iterable<string> {
    return this.#clients.keys();
  }

  /**
   * Describes the limit that the client would exceed by adding these filters; undefined if the client may add all
   * filters.
   */
  excessOf(client: string, filters: readonly TopicFilter[], limits: FilterLimits): string | undefined {
    const excess = (this.#clients.get(client) ?? new Holdings()).excessOf(filters, limits);
    return excess === undefined ? undefined : descriptions[excess];
  }

  add(client: string, filters: readonly TopicFilter[]): void {
    if (filters.length === 0) return;
    const holdings = this.#clients.get(client) ?? new Holdings();
    this.#clients.set(client, holdings);
    holdings.add(filters);
  }

  /** Removes filters that were added. The quota uses no memory for clients without filters. */
  remove(client: string, filters: readonly TopicFilter[]): void {
    const holdings = this.#clients.get(client);
    holdings?.remove(filters);
    if (holdings?.isEmpty === true) this.#clients.delete(client);
  }
}

class Holdings {
  readonly #items = new Counter();
  readonly #sums = new Map<string, number>();
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(filters: readonly TopicFilter[]): void {
    this.#bytes += heldBytes(filters);
    for (const { name, sums } of itemsOf(filters)) {
      if (this.#items.of(name) === 0) for (const sum of sums) this.#change(sum, sum.amount);
      this.#items.add(name);
    }
  }

  remove(filters: readonly TopicFilter[]): void {
    this.#bytes -= heldBytes(filters);
    for (const { name, sums } of itemsOf(filters)) {
      this.#items.remove(name);
      if (this.#items.of(name) === 0) for (const sum of sums) this.#change(sum, -sum.amount);
    }
  }

  excessOf(filters: readonly TopicFilter[], limits: FilterLimits): keyof FilterLimits | undefined {
    if (this.#bytes + heldBytes(filters) > limits.bytes) return "bytes";
    const coming = new Map<string, number>();
    for (const { name, sums } of itemsOf(filters)) {
      if (this.#items.of(name) > 0) continue;
      for (const sum of sums) {
        const more = (coming.get(keyOf(sum)) ?? 0) + sum.amount;
        coming.set(keyOf(sum), more);
        const most = limits[sum.limit] * (sum.of.startsWith("parts") ? partsPerPattern : 1);
        if ((this.#sums.get(keyOf(sum)) ?? 0) + more > most) return sum.limit;
      }
    }
    return undefined;
  }

  #change(sum: Sum, amount: number): void {
    const total = (this.#sums.get(keyOf(sum)) ?? 0) + amount;
    if (total === 0) this.#sums.delete(keyOf(sum));
    else this.#sums.set(keyOf(sum), total);
  }
}

function keyOf({ limit, of }: Sum): string {
  return `${limit} ${of}`;
}

/** The items of these filters, without duplicates. */
function itemsOf(filters: readonly TopicFilter[]): Iterable<Item> {
  const items = new Map<string, Item>();
  for (const filter of filters) for (const item of itemsOfOne(filter)) items.set(item.name, item);
  return items.values();
}

function* itemsOfOne(filter: TopicFilter): Generator<Item, void> {
  const name = `${filter.kind}:${filter.text}`;
  if (filter.kind === "mqtt") {
    yield { name, sums: [{ limit: "levels", of: "", amount: filter.levels.length }] };
    for (const mixture of mixturesOf(filter.levels))
      yield { name: mixture, sums: [{ limit: "mixtures", of: "", amount: 1 }] };
  }
  if (!isPattern(filter)) return;
  const limit = filter.place === undefined ? "withoutPrefix" : "alike";
  const place = placeName(filter);
  const expressions = hasExpression(filter) ? 1 : 0;
  const sums: readonly Sum[] = [
    { limit: "levels", of: "", amount: patternCost(filter) },
    { limit, of: place, amount: 1 },
    { limit, of: `parts ${place}`, amount: filter.varying },
    { limit: "expressions", of: "", amount: expressions },
  ];
  yield { name, sums: sums.filter(({ amount }) => amount > 0) };
}
