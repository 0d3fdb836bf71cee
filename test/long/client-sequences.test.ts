import { describe, expect, it } from "vitest";

import { assertProperty, networkProperties } from "../client/connection/network-properties.js";

describe("the library in 10,000 orders of network troubles", () => {
  const timeoutMs = 2_400_000;
  it.each(networkProperties)(
    "$name",
    async (property) => {
      await expect(assertProperty(property, { numRuns: 10_000, seed: 1130 })).resolves.toBeUndefined();
    },
    timeoutMs,
  );
});
