import { expect, test } from "vitest";
import { VirtualClock } from "./virtual-clock.js";

test("timers fire in the order of their time and each sees its own time", () => {
  const clock = new VirtualClock(1000);
  const seen: [string, number, number][] = [];
  const note = (name: string) => () => seen.push([name, clock.monotonic(), clock.now()]);
  clock.after(20, note("late"));
  clock.after(10, note("first"));
  clock.after(10, note("second"));
  clock.advance(15);
  expect(seen).toEqual([
    ["first", 10, 1010],
    ["second", 10, 1010],
  ]);
  clock.advance(5);
  expect(seen.at(-1)).toEqual(["late", 20, 1020]);
  expect(clock.timers).toBe(0);
});

test("a period goes on until it is cancelled, which may be twice", () => {
  const clock = new VirtualClock();
  let ticks = 0;
  const timer = clock.every(10, () => (ticks += 1));
  clock.advance(35);
  timer.cancel();
  timer.cancel();
  clock.advance(100);
  expect(ticks).toBe(3);
});

test("the end of a turn comes after each timer, and runs what it adds itself", () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.after(1, () => {
    clock.endOfTurn(() => {
      seen.push("end");
      clock.endOfTurn(() => seen.push("end of end"));
    });
    seen.push("timer");
  });
  clock.after(1, () => seen.push("next timer"));
  clock.advance(1);
  expect(seen).toEqual(["timer", "end", "end of end", "next timer"]);
});

test("a jump of the wall clock leaves durations alone", () => {
  const clock = new VirtualClock(5000);
  clock.advance(10);
  clock.jumpTo(100);
  clock.advance(5);
  expect([clock.now(), clock.monotonic()]).toEqual([105, 15]);
});
