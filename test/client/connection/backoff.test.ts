import { describe, expect, it } from "vitest";
import { reconnectDelayMs } from "../../../src/client/connection/backoff.js";
import { maxTimerMs } from "../../../src/client/transports/timer.js";
import { wait } from "../../../src/client/transports/wait.js";
import { before } from "../../support/wait-for.js";

describe("reconnectDelayMs", () => {
  it.each<[string, { reconnectionMs: number | undefined; awayMs: number }, [number, number]]>([
    ["2 s until the stream sets a time", { reconnectionMs: undefined, awayMs: 0 }, [200, 2000]],
    ["the time that the stream set", { reconnectionMs: 5000, awayMs: 10_000 }, [500, 5000]],
    ["half of the time without a stream", { reconnectionMs: 5000, awayMs: 20_000 }, [500, 10_000]],
    ["30 s at most", { reconnectionMs: 5000, awayMs: 3_600_000 }, [500, 30_000]],
    ["more if the stream sets more", { reconnectionMs: 60_000, awayMs: 3_600_000 }, [6000, 60_000]],
    ["100 ms if the stream sets 0", { reconnectionMs: 0, awayMs: 0 }, [10, 100]],
    // Bug: with a time of 400 digits, the wait was not a number, and the library reconnected without a wait.
    [
      "24 days if the stream sets an infinite time",
      { reconnectionMs: Infinity, awayMs: 0 },
      [maxTimerMs / 10, maxTimerMs],
    ],
  ])("draws from the whole of %s", (_name, options, [least, most]) => {
    expect(reconnectDelayMs({ ...options, random: 0 })).toBeCloseTo(least);
    expect(reconnectDelayMs({ ...options, random: 1 })).toBeCloseTo(most);
    expect(reconnectDelayMs({ ...options, random: 0.5 })).toBeCloseTo((least + most) / 2);
  });
});

describe("wait", () => {
  it("ends when its signal aborts, and at once when it already has", async () => {
    const controller = new AbortController();
    const waiting = wait(3_600_000, controller.signal);
    controller.abort();
    const both = Promise.all([waiting, wait(3_600_000, controller.signal)]);
    await expect(before(both, { within: 20_000, missing: "the end of the waits" })).resolves.toHaveLength(2);
  });
});
