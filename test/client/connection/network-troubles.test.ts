import { describe, expect, it } from "vitest";

import { assertProperty, networkProperties } from "./network-properties.js";

// test/long/client-sequences.test.ts draws 10,000 orders for each property.
describe("the library in every order of network troubles", () => {
  it.each(networkProperties)("$name", async (property) => {
    await expect(assertProperty(property, { numRuns: 200, seed: 20_261_130 })).resolves.toBeUndefined();
  });
});
