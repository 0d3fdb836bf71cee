import { expect, test } from "vitest";
import { workerShare } from "../../../src/workers/primary/workers-fronts.js";
import { Lifetime } from "../../../src/base/lifetime.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import { gatewayRequest } from "../../gateway/request.js";

const MiB = 1024 * 1024;

test.each([
  { workers: 2, bodyBytes: MiB, requestBytes: 64 * MiB, share: 32 * MiB },
  { workers: 64, bodyBytes: MiB, requestBytes: 64 * MiB, share: 2 * MiB },
  { workers: 2, bodyBytes: 64 * MiB, requestBytes: 64 * MiB, share: 64 * MiB },
])("a worker of $workers may hold $share bytes of bodies", ({ workers, share, ...limits }) => {
  expect(workerShare(limits, workers)).toBe(share);
});

test("the largest body of one client fits however many workers there are", () => {
  // Bug: with 33 workers, half of a worker's share was less than the largest body, so the hub always refused that body.
  const limits = { bodyBytes: MiB, requestBytes: 64 * MiB };
  const room = new BodyBudget({
    bodyBytes: MiB,
    requestBytes: workerShare(limits, 500),
    clients: { clientOf: () => ({ address: "192.0.2.1", key: "192.0.2.1", isLocal: false }) },
  });
  const place = room.reservationFor(gatewayRequest({}), new Lifetime());
  expect(() => place.resize(MiB)).not.toThrow();
});
