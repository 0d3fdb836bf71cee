import { expect, it } from "vitest";
import { faultOfMoves, movesWorlds } from "./moves-property.js";

// The hub moves a WebSocket to another cohort before its worker does. Meanwhile the worker was told positions that did
// not count for the old cohort any more, and the stream went on behind publications that it never got.
it.each(movesWorlds)(
  "a stream that changes its filters or its token gets every event, or is told what it missed: %s",
  async (_name, world) => {
    expect(await faultOfMoves(world, { seed: 20_261_130, interleavings: 200 })).toBeUndefined();
  },
  300_000,
);
