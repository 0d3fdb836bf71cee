import { expect, test } from "vitest";
import { Lifetime } from "../../src/base/lifetime.js";

test("the end of a lifetime runs each action once, in order", () => {
  const lifetime = new Lifetime();
  const done: string[] = [];
  for (const name of ["a", "b"]) lifetime.onEnd(() => done.push(name));
  expect([lifetime.isOver, done]).toEqual([false, []]);
  lifetime.end();
  lifetime.end();
  expect([lifetime.isOver, done]).toEqual([true, ["a", "b"]]);
});

test("an action that comes after the end runs at once", () => {
  const lifetime = new Lifetime();
  lifetime.end();
  const done: string[] = [];
  lifetime.onEnd(() => done.push("late"));
  expect(done).toEqual(["late"]);
});

test("a function that was added twice runs twice", () => {
  const lifetime = new Lifetime();
  let ends = 0;
  const action = (): void => void (ends += 1);
  lifetime.onEnd(action);
  lifetime.onEnd(action);
  lifetime.end();
  expect(ends).toBe(2);
});
