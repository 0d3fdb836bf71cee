import { describe, expect, it } from "vitest";
import { Entry } from "../../../src/hub/publications/entry.js";
import { allTopics, parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { RetainedValues } from "../../../src/hub/publications/retained-values.js";
import type { RetainedRange } from "../../../src/hub/publications/retained-values.js";

function entry(offset: number, topics: string, data = "x"): Entry {
  const publication = parsePublication({ topics: topics.split(" "), data, retain: true });
  return new Entry({ offset, id: `${offset}`, publication, atMs: 0 });
}

function filled(entries: readonly Entry[], maxBytes = 1_000_000): RetainedValues {
  const retained = new RetainedValues({ bytes: maxBytes });
  for (const one of entries) retained.apply(one);
  return retained;
}

function offsets(retained: RetainedValues, after = 0, upTo = 1000): number[] {
  return read(retained, { filters: [allTopics], after, upTo });
}

/** Reads a whole range in several parts. */
function read(retained: RetainedValues, range: RetainedRange): number[] {
  const offsets: number[] = [];
  let after = range.after;
  do after = retained.read({ ...range, after }, ({ offset }) => offsets.push(offset) > 0);
  while (after < range.upTo);
  return offsets;
}

describe("RetainedValues", () => {
  it("keeps the present value of each topic, in order of offset", () => {
    expect(offsets(filled([entry(1, "a"), entry(2, "b"), entry(3, "c"), entry(4, "a")]))).toEqual([2, 3, 4]);
  });

  it("gives the value of several topics once, while one of them still has it", () => {
    const retained = filled([entry(1, "a b c"), entry(2, "d"), entry(3, "b")]);
    expect(offsets(retained)).toEqual([1, 2, 3]);
    retained.apply(entry(4, "a c"));
    expect(offsets(retained)).toEqual([2, 3, 4]);
  });

  it("loses the values whose time has ended, but not their successors", () => {
    const expiring = (offset: number, topics: string, ttl: number): Entry => {
      const { publication } = entry(offset, topics);
      return new Entry({
        offset,
        id: `${offset}`,
        publication: { ...publication, ttlSeconds: ttl },
        atMs: 0,
      });
    };
    const retained = filled([expiring(1, "a b", 5), expiring(2, "c", 5), entry(3, "d"), entry(4, "b")]);
    expect([retained.expire(4999), offsets(retained)]).toEqual([0, [1, 2, 3, 4]]);
    const { expirations } = retained;
    expect([retained.expire(5000), offsets(retained)]).toEqual([2, [3, 4]]);
    expect(retained.expirations).toBeGreaterThan(expirations);
    expect(retained.bytes).toBe(entry(3, "d").bytes + entry(4, "b").bytes);
    expect(retained.expire(1e9)).toBe(0);
  });

  it("loses a topic's value, and that one only, with empty data", () => {
    expect(offsets(filled([entry(1, "a b"), entry(2, "c"), entry(3, "a c", "")]))).toEqual([1]);
  });

  it("gives those after one offset and up to another", () => {
    const retained = filled([entry(1, "a"), entry(2, "b"), entry(3, "c")]);
    expect([offsets(retained, 1, 2), offsets(retained, 3), offsets(retained, 0, 0)]).toEqual([[2], [], []]);
  });

  it("counts what it holds, back to nothing", () => {
    const retained = filled([entry(1, "a b"), entry(2, "a")]);
    expect(retained.bytes).toBe(entry(1, "a b").bytes + entry(2, "a").bytes);
    retained.apply(entry(3, "a b", ""));
    expect(retained.bytes).toBe(0);
  });

  it("drops the oldest values when they are over the limit, and one that alone is", () => {
    const small = entry(1, "a").bytes;
    expect(offsets(filled([entry(1, "a"), entry(2, "b"), entry(3, "c")], 2 * small))).toEqual([2, 3]);
    expect(offsets(filled([entry(1, "a"), entry(2, "b", "x".repeat(5000))], 2 * small))).toEqual([]);
  });

  it("gives exact filters what they name, in order of offset and each value once", () => {
    const retained = filled([entry(1, "a"), entry(2, "b c"), entry(3, "d"), entry(4, "a")]);
    const filters = ["a", "c", "b", "nothing"].map((text) => parseMqttFilter(text));
    expect(read(retained, { filters, after: 0, upTo: 9 })).toEqual([2, 4]);
    expect(read(retained, { filters, after: 2, upTo: 3 })).toEqual([]);
  });

  it("looks at so many values at a time only, however slow the filters are", () => {
    const retained = filled(
      Array.from({ length: 20_000 }, (_, index) => entry(index + 1, `a/${index}`)),
      1e9,
    );
    const filters = [...Array.from({ length: 99 }, (_, index) => `+/+/${index}`), "a/19999"];
    const range = { filters: filters.map((text) => parseMqttFilter(text)), after: 0, upTo: 20_000 };
    const seen: number[] = [];
    const looked = retained.read(range, ({ offset }) => seen.push(offset) > 0);
    expect(looked).toBeGreaterThan(1000);
    expect(looked).toBeLessThan(20_000);
    expect([seen, read(retained, range)]).toEqual([[], [20_000]]);
  });

  it("holds nothing of values that were replaced", () => {
    const retained = new RetainedValues({ bytes: 1_000_000 });
    for (let index = 1; index <= 5000; index += 1) retained.apply(entry(index, `a/${index % 3}`));
    expect(offsets(retained, 0, 5000)).toEqual([4998, 4999, 5000]);
    expect(offsets(retained, 4998, 4999)).toEqual([4999]);
  });
});
