import { expect, test } from "vitest";
import { LaggingMembers } from "../../src/delivery/lagging-members.js";
import { VirtualClock } from "../support/virtual-clock.js";

const KiB = 1024;

function crowdOf(size: number) {
  const clock = new VirtualClock();
  const holds: boolean[] = [];
  const crowd = new LaggingMembers<number>({
    clock,
    periodMs: 250,
    size: () => size,
    hold: (on) => void holds.push(on),
  });
  return { clock, crowd, holds };
}

/** Makes a number of clients lag; then each receives a number of bytes in every quarter of a second. */
function lag(
  { crowd, clock }: ReturnType<typeof crowdOf>,
  options: { readonly clients: number; readonly bytes: number; readonly periods?: number },
): void {
  for (let id = 0; id < options.clients; id += 1) crowd.fellBehind(id);
  for (let period = 0; period < (options.periods ?? 1); period += 1) {
    for (let id = 0; id < options.clients; id += 1) crowd.served(id, options.bytes);
    clock.advance(250);
  }
}

// With a flooding publisher, 1,000 equal clients fell behind one after the other, until the few remaining members
// determined the rate. The hub accepted 27,600 publications a second, delivered 1,780 and reported 8,200 gaps.
test("publishers wait for a crowd that is behind and busy, until most of it is back", () => {
  const world = crowdOf(100);
  lag(world, { clients: 12, bytes: 64 * KiB });
  expect(world.holds).toEqual([true]);
  world.crowd.cameBack(0);
  expect(world.holds).toEqual([true]);
  world.crowd.cameBack(1);
  expect([world.holds, world.clock.timers]).toEqual([[true, false], 0]);
});

test.each([
  ["few are behind", { clients: 10, bytes: 256 * KiB }],
  ["those behind take little", { clients: 90, bytes: 12 * KiB }],
])("nobody waits when %s", (_name, options) => {
  const world = crowdOf(100);
  lag(world, { ...options, periods: 3 });
  expect(world.holds).toEqual([]);
});

test("a crowd that stops taking is waited for no longer", () => {
  const world = crowdOf(100);
  lag(world, { clients: 50, bytes: 64 * KiB });
  world.clock.advance(250);
  expect(world.holds).toEqual([true, false]);
});

test("of a very large crowd it is enough to take much together", () => {
  const world = crowdOf(10_000);
  lag(world, { clients: 9000, bytes: 2 * KiB });
  expect(world.holds).toEqual([true]);
});

test("a crowd that leaves lets publishers go on", () => {
  const world = crowdOf(20);
  lag(world, { clients: 20, bytes: 64 * KiB });
  for (let id = 0; id < 20; id += 1) world.crowd.left(id);
  expect([world.holds, world.clock.timers]).toEqual([[true, false], 0]);
});
