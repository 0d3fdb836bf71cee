import { expect, it, test } from "vitest";
import { array, assert, nat, property } from "fast-check";
import { PharosError } from "../../src/base/errors.js";
import type { Epoch } from "../../src/hub/publications/position.js";
import { EpochChain, mostEpochs } from "../../src/journal/epoch-chain.js";

const [first, second, third] = ["first", "second", "third"] as Epoch[] as [Epoch, Epoch, Epoch];

function chainOf(...links: readonly (readonly [Epoch, number])[]): EpochChain {
  const chain = new EpochChain();
  for (const [epoch, after] of links) chain.begin(epoch, after);
  return chain;
}

it("names the epoch of each offset; the last offset before an epoch belongs to the epoch before", () => {
  const chain = chainOf([first, 0], [second, 10], [third, 10]);
  expect([0, 1, 10, 11, 99].map((offset) => chain.at(offset))).toEqual([first, first, first, third, third]);
});

test("a position is valid up to the end of its epoch", () => {
  const chain = chainOf([first, 0], [second, 10]);
  expect(chain.locate({ epoch: first, offset: 10 }, 20)).toEqual({ kind: "at", offset: 10 });
  expect(chain.locate({ epoch: first, offset: 11 }, 20)).toEqual({ kind: "lost", reason: "other-epoch" });
  expect(chain.locate({ epoch: second, offset: 20 }, 20)).toEqual({ kind: "at", offset: 20 });
  expect(chain.locate({ epoch: second, offset: 21 }, 20)).toEqual({ kind: "lost", reason: "unknown-id" });
  expect(chain.locate({ epoch: third, offset: 1 }, 20)).toEqual({ kind: "lost", reason: "other-epoch" });
});

test("an epoch that has begun beyond the last surviving publication is dropped", () => {
  const chain = chainOf([first, 0], [second, 10], [third, 5]);
  expect(chain.has(second)).toBe(false);
  expect(chain.locate({ epoch: first, offset: 6 }, 20)).toEqual({ kind: "lost", reason: "other-epoch" });
});

test("above the limit, the oldest epoch is dropped", () => {
  const chain = new EpochChain();
  for (let n = 0; n <= mostEpochs; n += 1) chain.begin(`e${n}` as Epoch, n);
  expect(chain.length).toBe(mostEpochs);
  expect([chain.has("e0" as Epoch), chain.has("e1" as Epoch)]).toEqual([false, true]);
});

it.each([
  null,
  7,
  [],
  {},
  { epoch: "no epoch", after: 1 },
  { epoch: "e", after: -1 },
  { epoch: "e", after: "1" },
])("does not load %j", (item) => {
  expect(() => new EpochChain().load(item)).toThrow(PharosError);
});

test("a snapshot, then the same epochs again, give the chain without a restart", () => {
  const distances = array(nat(3), { maxLength: 30 });
  assert(
    property(distances, nat(30), nat(30), (steps, begin, more) => {
      const lasting = EpochChain.of(first);
      const begun: (readonly [Epoch, number])[] = [];
      let after = 0;
      let items: Iterable<unknown> | undefined;
      steps.forEach((distance, index) => {
        // The snapshot is saved after its begin, so that it has epochs that are applied again.
        if (index === begin + more) items = lasting.save();
        const link = [`e${index}` as Epoch, (after += distance)] as const;
        begun.push(link);
        lasting.begin(...link);
      });
      const restarted = new EpochChain();
      for (const item of JSON.parse(JSON.stringify([...(items ?? lasting.save())])) as unknown[])
        restarted.load(item);
      for (const link of begun.slice(begin)) restarted.begin(...link);
      expect([...restarted.save()]).toEqual([...lasting.save()]);
      for (let offset = 0; offset <= after + 1; offset += 1)
        expect(restarted.at(offset)).toBe(lasting.at(offset));
    }),
    { seed: 1, numRuns: 2000 },
  );
});
