import { expect, test } from "vitest";
import { fuzzHub } from "../../support/http2/fuzz-hub.js";

test("20,000 connections with changed frames harm neither the hub nor other clients", async () => {
  const hub = await fuzzHub({ scripts: 20_000, firstSeed: 1 });
  expect(await hub.stop()).toEqual({ code: 0, signal: null });
});

test("nor do they harm workers", async () => {
  const hub = await fuzzHub({ scripts: 3000, firstSeed: 1_000_000, workers: 2 });
  expect(await hub.stop()).toEqual({ code: 0, signal: null });
});
