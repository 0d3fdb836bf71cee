import { expect, test } from "vitest";
import { Lifetime } from "../../../src/base/lifetime.js";
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

function reservationOf(budget: BodyBudget, peer: string, lifetime = new Lifetime()) {
  return budget.reservationFor(gatewayRequest({ peer }), lifetime);
}

test("a body that announces more bytes than allowed is refused", () => {
  expect(() => new BodyBudget({ bodyBytes: 10, clients }).check(11)).toThrow("at most 10 bytes");
});

test("all bodies together may have so many, half of them of one address that is not local", () => {
  const budget = new BodyBudget({ bodyBytes: 100, requestBytes: 40, clients });
  const full = expect.objectContaining({ code: "too-many-bodies", retryAfterSeconds: 1 });
  const lifetime = new Lifetime();
  const reservations = ["2001:db8::1", "2001:db8::2"].map((peer) => reservationOf(budget, peer, lifetime));
  for (const reservation of reservations) reservation.resize(10);
  expect(() => reservations[0]?.resize(11), "both are of one network").toThrow(full);
  reservationOf(budget, "10.0.0.1", lifetime).resize(20);
  expect(() => reservationOf(budget, "198.51.100.9").resize(1), "the budget is used up").toThrow(full);
  lifetime.end();
  lifetime.end();
  expect(budget.held).toBe(0);
  reservationOf(budget, "127.0.0.1").resize(40);
});

test("a reservation can shrink when the budget is used up", () => {
  const budget = new BodyBudget({ requestBytes: 40 });
  const reservation = reservationOf(budget, "127.0.0.1");
  reservation.resize(40);
  reservation.resize(30);
  expect(budget.held).toBe(30);
});

// Bug: a client that disconnected in the middle of a message kept its memory reserved until the hub restarted.
test("bytes that arrive after the end of a lifetime reserve nothing", () => {
  const budget = new BodyBudget();
  const lifetime = new Lifetime();
  const reservation = reservationOf(budget, "127.0.0.1", lifetime);
  lifetime.end();
  reservation.resize(10);
  expect(budget.held).toBe(0);
  const late = reservationOf(budget, "127.0.0.1", lifetime);
  late.resize(10);
  expect(budget.held).toBe(0);
});
