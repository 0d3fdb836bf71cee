import { expect, test } from "vitest";
import { PharosError } from "../../src/errors.js";
import { ClientLimits } from "../../src/gateway/client-limits.js";
import type { ClientLimitsOptions } from "../../src/gateway/client-limits.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { gatewayRequest } from "./request.js";

const clock = new VirtualClock();

function limitsWith(options: Partial<ClientLimitsOptions> = {}): ClientLimits {
  return new ClientLimits({
    trustedProxies: ["10.0.0.1"],
    each: { streams: 2, publishesPerSecond: 1 },
    eachLocal: { streams: 3, publishesPerSecond: 2 },
    streamsOf: () => 0,
    clock,
    ...options,
  });
}

function from(peer: string, forwardedFor?: string) {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  return { ...gatewayRequest({ headers }), peer };
}

function refusal(attempt: () => unknown): PharosError | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof PharosError) return error;
    throw error;
  }
}

test("a stream is counted under its client's network, and refused when that has as many as it may", () => {
  const open = new Map([["2001:db8:0:1::/64", 2]]);
  const limits = limitsWith({ streamsOf: (key) => open.get(key) ?? 0 });
  expect(limits.admitStream(from("2001:db8:0:2::9"))).toBe("2001:db8:0:2::/64");
  const refused = refusal(() => limits.admitStream(from("2001:db8:0:1::9")));
  expect(refused).toMatchObject({ code: "too-many-streams", retryAfterSeconds: 10 });
});

test("local addresses have limits of their own", () => {
  const limits = limitsWith({ streamsOf: () => 2 });
  expect(limits.admitStream(from("127.0.0.1"))).toBe("127.0.0.1");
  expect(refusal(() => limits.admitStream(from("198.51.100.9")))?.code).toBe("too-many-streams");
});

test("behind a trusted proxy it is the client that is counted, not the proxy", () => {
  const limits = limitsWith();
  expect(limits.admitStream(from("10.0.0.1", "198.51.100.9"))).toBe("198.51.100.9");
  expect(limits.admitStream(from("10.0.0.2", "198.51.100.9")), "not trusted").toBe("10.0.0.2");
});

test("an address that publishes too often is told how many seconds to wait", () => {
  const limits = limitsWith();
  expect(refusal(() => limits.admitPublish(from("198.51.100.9")))).toBeUndefined();
  const refused = refusal(() => limits.admitPublish(from("198.51.100.9")));
  expect(refused).toMatchObject({ code: "too-many-requests", retryAfterSeconds: 1 });
  expect(
    refusal(() => limits.admitPublish(from("198.51.100.10"))),
    "another address",
  ).toBeUndefined();
  clock.advance(1000);
  expect(refusal(() => limits.admitPublish(from("198.51.100.9")))).toBeUndefined();
});
