import { expect, it } from "vitest";
import { Departure } from "../../../src/gateway/http/abort.js";

it("whoever waits for a departure is told once, before or after it", () => {
  const departure = new Departure();
  const told: string[] = [];
  departure.whenGone(() => told.push("before"));
  expect(told).toEqual([]);
  departure.gone();
  departure.gone();
  departure.whenGone(() => told.push("after"));
  expect(told).toEqual(["before", "after"]);
});
