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

function placeOf(room: BodyBudget, peer: string) {
  return room.enter(gatewayRequest({ peer }));
}

test("a body may have so many bytes, in however many pieces they come", () => {
  const room = new BodyBudget({ bodyBytes: 10, clients });
  const place = placeOf(room, "198.51.100.9");
  place.take(6);
  place.take(4);
  expect(() => place.take(1)).toThrow(expect.objectContaining({ code: "too-large" }));
  expect(() => room.check(11)).toThrow("at most 10 bytes");
});

test("all bodies together may have so many, half of them of one address that is not local", () => {
  const room = new BodyBudget({ bodyBytes: 100, requestBytes: 40, clients });
  const full = expect.objectContaining({ code: "too-many-bodies", retryAfterSeconds: 1 });
  const places = ["2001:db8::1", "2001:db8::2"].map((peer) => placeOf(room, peer));
  for (const place of places) place.take(10);
  expect(() => places[0]?.take(1), "both are of one network").toThrow(full);
  const local = placeOf(room, "10.0.0.1");
  local.take(20);
  expect(() => placeOf(room, "198.51.100.9").take(1), "nobody else has room").toThrow(full);
  for (const place of [...places, local, local]) place.leave();
  expect(room.held).toBe(0);
  placeOf(room, "127.0.0.1").take(40);
});
