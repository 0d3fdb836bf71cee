import { describe } from "vitest";
import type { Contract } from "./sites.js";
import { testChanges } from "./transports/changes.js";
import { testDelivery } from "./transports/delivery.js";
import { testHeads } from "./transports/heads.js";
import { testRights } from "./transports/rights.js";
import { testSlowReaders } from "./transports/slow-readers.js";

/** Tests what all transports guarantee. Each test runs on every transport. */
export function testTransports(contract: Contract): void {
  describe("a client, over any transport", () => {
    testHeads(contract);
    testDelivery(contract);
    testRights(contract);
    testChanges(contract);
    testSlowReaders(contract);
  });
}
