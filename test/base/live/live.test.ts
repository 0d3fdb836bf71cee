import { expect, it } from "vitest";
import { Live } from "../../../src/base/live/live.js";

interface Settings {
  readonly size: number;
  readonly name?: string;
}

it("changes the fields of the same objects, also of derived ones", () => {
  const live = new Live<Settings>({ size: 1, name: "one" });
  const { current } = live;
  const doubled = live.derive(({ size, name }) => ({ twice: 2 * size, label: `<${name ?? "none"}>` }));
  live.replace({ size: 5, name: "five" });
  expect(live.current).toBe(current);
  expect([current, doubled]).toEqual([
    { size: 5, name: "five" },
    { twice: 10, label: "<five>" },
  ]);
});

it("removes a field that the new value does not have", () => {
  const live = new Live<Settings>({ size: 1, name: "one" });
  const derived = live.derive((value) => value);
  live.replace({ size: 2 });
  expect([Object.keys(live.current), Object.keys(derived)]).toEqual([["size"], ["size"]]);
});

it("changes neither the first value nor the later ones", () => {
  const [first, second] = [Object.freeze({ size: 1 }), Object.freeze({ size: 2 })];
  const live = new Live<Settings>(first);
  live.replace(second);
  live.replace({ size: 3 });
  expect([first, second]).toEqual([{ size: 1 }, { size: 2 }]);
});

it("updates derived objects in the order in which they were made, so that one may use another", () => {
  const live = new Live<Settings>({ size: 1 });
  const first = live.derive(({ size }) => ({ twice: 2 * size }));
  const second = live.derive(() => ({ four: 2 * first.twice }));
  live.replace({ size: 10 });
  expect(second).toEqual({ four: 40 });
});
