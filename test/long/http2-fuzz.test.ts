import { expect, test } from "vitest";
import { fuzzHub } from "../support/http2/fuzz-hub.js";

test.each([0, 2])(
  "200,000 connections with changed frames harm neither the hub nor other clients: %i workers",
  async (workers) => {
    const hub = await fuzzHub({ scripts: 200_000, firstSeed: 10_000_000 * (workers + 1), workers });
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
  },
  20 * 60_000,
);
