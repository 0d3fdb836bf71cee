import { expect, it } from "vitest";
import { faultOfMoves, movesWorlds } from "./moves-property.js";
import { MovesRun } from "./moves-run.js";
import type { Step } from "./moves-steps.js";

// The hub moves a WebSocket to another cohort before its worker does. Meanwhile the worker was told positions that did
// not count for the old cohort any more, and the stream went on behind publications that it never got.
it.each(movesWorlds)(
  "a client that changes its filters or its token gets every event, or is told what it missed: %s",
  async (_name, world) => {
    expect(await faultOfMoves(world, { seed: 20_261_130, interleavings: 100 })).toBeUndefined();
  },
  600_000,
);

// With a gap come the retained values that history no longer holds. Their ids moved the client's cursor beyond events
// that it had not received yet, and the gap event moved the cursor back. The client of this test leaves in between.
it.each(["mercure", "push-ev", "push-sub", "push-ws"] as const)(
  "a client that leaves between the retained values of a gap and the gap event misses nothing: %s",
  async (transport) => {
    const publish = (topic: string, times: number, retain: boolean): Step => ({
      kind: "publish",
      topics: [topic],
      times,
      retain,
      bytes: retain ? 400 : 1,
      private: false,
      ownId: false,
    });
    const receive: readonly Step[] = [{ kind: "turn" }, { kind: "drainAll" }];
    const run = new MovesRun({ front: "http", limits: { roundBytes: 600 }, history: { topicEvents: 6 } });
    const opening = { transport, filters: ["b", "c", "d/x"], token: "none", appetite: "when-told" } as const;
    const steps: readonly Step[] = [
      { kind: "open", ...opening },
      ...receive,
      ...receive,
      publish("b", 1, false),
      publish("d/x", 1, true),
      publish("c", 1, true),
      publish("d/x", 6, false),
      publish("c", 6, false),
      { kind: "reconnect", who: 0 },
      ...receive,
      { kind: "reconnect", who: 0 },
    ];
    for (const step of steps) await run.run(step);
    expect(await run.finish()).toEqual([]);
  },
);
