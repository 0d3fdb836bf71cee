import { expect, test } from "vitest";
import { availableBytes, kernelLimits, kernelState } from "../../scripts/benchmark/machine/kernel.js";

test("the state and the limits of the kernel are numbers with units", () => {
  expect(availableBytes()).toBeGreaterThan(2 ** 20);
  expect(kernelState()).toMatch(
    /^[\d,]+ of [\d,]+ files open, [\d,]+ TCP sockets with [\d.]+ GiB in their buffers, [\d.]+ GiB of memory left$/,
  );
  expect(kernelLimits()).toMatch(
    /^fs\.file-max [\d,]+, net\.core\.somaxconn \d+, [\d,]+ ports per address, TCP buffers [\d.]+ GiB maximum$/,
  );
});
