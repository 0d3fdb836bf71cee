import { expect, test } from "vitest";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import { ClientLimits } from "../../../src/gateway/limits/client-limits.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { gatewayRequest } from "../request.js";

const rules = { streams: 1, publishesPerSecond: 1, requestsPerSecond: 1 };
const clients = new ClientLimits({
  trustedProxies: [],
  each: rules,
  eachLocal: rules,
  clock: new VirtualClock(),
});

function reservationOf(budget: BodyBudget, peer: string) {
  return budget.reservationFor(gatewayRequest({ peer }));
}

test("a body may have so many bytes, in however many pieces they come", () => {
  const budget = new BodyBudget({ bodyBytes: 10, clients });
  const reservation = reservationOf(budget, "198.51.100.9");
  reservation.reserve(6);
  reservation.reserve(4);
  expect(() => reservation.reserve(1)).toThrow(expect.objectContaining({ code: "too-large" }));
  expect(() => budget.check(11)).toThrow("at most 10 bytes");
});

test("all bodies together may have so many, half of them of one address that is not local", () => {
  const budget = new BodyBudget({ bodyBytes: 100, requestBytes: 40, clients });
  const full = expect.objectContaining({ code: "too-many-bodies", retryAfterSeconds: 1 });
  const reservations = ["2001:db8::1", "2001:db8::2"].map((peer) => reservationOf(budget, peer));
  for (const reservation of reservations) reservation.reserve(10);
  expect(() => reservations[0]?.reserve(1), "both are of one network").toThrow(full);
  const local = reservationOf(budget, "10.0.0.1");
  local.reserve(20);
  expect(() => reservationOf(budget, "198.51.100.9").reserve(1), "the budget is used up").toThrow(full);
  for (const reservation of [...reservations, local, local]) reservation.release();
  expect(budget.held).toBe(0);
  reservationOf(budget, "127.0.0.1").reserve(40);
});
