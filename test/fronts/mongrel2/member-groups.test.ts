import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberGroups } from "../../../src/fronts/mongrel2/member-groups.js";

const idsOf = (groups: MemberGroups): readonly number[] => [...groups.targets()].flatMap(({ ids }) => ids);
const sorted = (ids: Iterable<number>): readonly number[] => [...ids].sort((a, b) => a - b);

function groupsOf(max: number, count: number): MemberGroups {
  const groups = new MemberGroups(max);
  for (let id = 1; id <= count; id++) groups.add(id);
  return groups;
}

describe("the members of a cohort", () => {
  it("are none at first", () => {
    expect(idsOf(new MemberGroups(4))).toEqual([]);
  });

  it("fill one group after the other", () => {
    expect([...groupsOf(4, 10).targets()].map(({ ids }) => ids.length)).toEqual([4, 4, 2]);
  });

  it("are named once, however often they are added or removed", () => {
    const groups = groupsOf(4, 3);
    groups.add(2);
    groups.remove(9);
    groups.remove(3);
    groups.remove(3);
    expect(sorted(idsOf(groups))).toEqual([1, 2]);
    expect(groups.size).toBe(2);
  });

  it("leave the lists of other groups as they were written", () => {
    const groups = groupsOf(4, 12);
    const before = [...groups.targets()];
    expect([...groups.targets()]).toEqual(before);
    groups.remove(6);
    const after = [...groups.targets()];
    expect(after.map((targets) => before.includes(targets))).toEqual([true, false, true]);
  });

  it("take the places of those that left before a new group begins", () => {
    const groups = groupsOf(4, 8);
    groups.remove(2);
    groups.add(100);
    expect([...groups.targets()].map(({ ids }) => ids.length)).toEqual([4, 4]);
  });

  it("move together when most have left, so that a round is few messages again", () => {
    const groups = groupsOf(128, 12_800);
    for (let id = 1; id <= 12_800; id++) if (id % 64 !== 0) groups.remove(id);
    expect(groups.size).toBe(200);
    expect([...groups.targets()].length).toBeLessThanOrEqual(5);
  });

  it("are exactly those that were added and not removed, in few groups, whatever the order", () => {
    const step = fc.record({ add: fc.boolean(), id: fc.nat({ max: 60 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 200 }), (max, steps) => {
        const groups = new MemberGroups(max);
        const members = new Set<number>();
        for (const { add, id } of steps) {
          if (add) groups.add(id);
          else groups.remove(id);
          if (add) members.add(id);
          else members.delete(id);
          expect(sorted(idsOf(groups))).toEqual(sorted(members));
        }
        const sizes = [...groups.targets()].map(({ ids }) => ids.length);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(max);
        expect(sizes.length).toBeLessThanOrEqual(2 * Math.ceil(members.size / max) + 1);
      }),
      { seed: 20_110_701 },
    );
  });
});
