import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Entry } from "../../../src/hub/publications/entry.js";
import { Expiries, expiresAtMs } from "../../../src/hub/publications/expiries.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";

function entryWith(ttl: number | undefined, offset = 1): Entry {
  const publication = parsePublication({ topics: ["a"], data: "x", ttl });
  return new Entry({ offset, id: `#e:${offset}`, publication, atMs: 1000 });
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ ttl: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ dropped: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ waitSeconds: fc.nat(20) }) },
);

it("gives each entry that is still held, once, in the order of its end, and not before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const held = new Set<Entry>();
      const expiries = new Expiries((entry) => held.has(entry));
      let nowMs = 1000;
      let offset = 0;
      for (const each of steps) {
        if ("ttl" in each) {
          const entry = entryWith(each.ttl, (offset += 1));
          held.add(entry);
          expiries.add(entry);
        } else if ("dropped" in each) held.delete([...held][each.dropped % held.size] as Entry);
        else nowMs += each.waitSeconds * 1000;
        const due = expiries.takeDue(nowMs);
        const wanted = [...held].filter((entry) => expiresAtMs(entry) <= nowMs);
        expect(new Set(due)).toEqual(new Set(wanted));
        expect(due.map(expiresAtMs)).toEqual(wanted.map(expiresAtMs).sort((a, b) => a - b));
        for (const entry of due) held.delete(entry);
      }
    }),
  );
});

it("keeps at most twice as many entries as are held", () => {
  const held = new Set<Entry>();
  const expiries = new Expiries((entry) => held.has(entry));
  for (let offset = 1; offset <= 100_000; offset += 1) {
    const entry = entryWith(60, offset);
    held.add(entry);
    expiries.add(entry);
    for (const oldest of held) if (held.size > 1000) held.delete(oldest);
  }
  expect(expiries.length).toBeLessThanOrEqual(2048);
  expect(expiries.takeDue(61_000)).toHaveLength(1000);
});

it("holds no entry without a ttl", () => {
  const expiries = new Expiries(() => true);
  expiries.add(entryWith(undefined));
  expect([expiries.length, expiresAtMs(entryWith(undefined)), expiresAtMs(entryWith(2))]).toEqual([
    0,
    Infinity,
    3000,
  ]);
});
