import { expect, it } from "vitest";
import { faultOfMoves, movesWorlds } from "../moves/moves-property.js";

it.each(movesWorlds)(
  "a stream that changes its filters or its token gets every event, or is told what it missed: %s",
  async (_name, world) => {
    expect(await faultOfMoves(world, { seed: 11_302_026, interleavings: 10_000 })).toBeUndefined();
  },
);
