import { expect, test } from "vitest";
import { Lifecycle } from "../../../src/app/lifecycle/lifecycle.js";
import { silentLogger } from "../../../src/base/log.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** A hub with one front, which records what it is told. */
class Hub {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  readonly lifecycle: Lifecycle;
  /** Ends the streams of the front. */
  endStreams: () => void = () => undefined;

  constructor(config: { readonly drainSeconds: number; readonly closeOverSeconds: number }) {
    this.lifecycle = new Lifecycle({
      config,
      fronts: [
        {
          drain: () => void this.#tell("drain"),
          endEvenly: async (overMs) => {
            await this.#tell(`streams over ${overMs}`);
            await new Promise<void>((resolve) => (this.endStreams = resolve));
          },
        },
      ],
      polls: { endEvenly: (overMs) => this.#tell(`polls over ${overMs}`) },
      streams: () => 1,
      clock: this.clock,
      logger: silentLogger,
      stop: () => this.#tell("stop"),
    });
    this.lifecycle.started();
  }

  get readiness(): string {
    return this.lifecycle.readiness(false);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  #tell(what: string): Promise<void> {
    this.told.push(what);
    return Promise.resolve();
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const evenly = ["polls over 5000", "streams over 5000"];

test("a hub first is not ready, then ends its streams, and then stops", async () => {
  const hub = new Hub({ drainSeconds: 10, closeOverSeconds: 5 });
  expect([hub.readiness, hub.lifecycle.readiness(true)]).toEqual(["ok", "degraded"]);
  const drained = hub.lifecycle.drain();
  await hub.advance(9_999);
  expect([hub.readiness, hub.told]).toEqual(["draining", ["drain"]]);
  await hub.advance(1);
  expect([hub.readiness, hub.lifecycle.phase, hub.told]).toEqual([
    "stopping",
    "closing",
    ["drain", ...evenly],
  ]);
  hub.endStreams();
  await drained;
  expect([hub.lifecycle.phase, hub.told.at(-1), hub.clock.timers]).toEqual(["stopping", "stop", 0]);
});

test("both times are those of the stop, not of the start", async () => {
  const config = { drainSeconds: 0, closeOverSeconds: 0 };
  const hub = new Hub(config);
  Object.assign(config, { drainSeconds: 1, closeOverSeconds: 5 });
  void hub.lifecycle.drain();
  await hub.advance(999);
  expect(hub.told).toEqual(["drain"]);
  Object.assign(config, { closeOverSeconds: 7 });
  await hub.advance(1);
  expect(hub.told).toEqual(["drain", "polls over 7000", "streams over 7000"]);
});

test("without a drain, it ends its streams at once", async () => {
  const hub = new Hub({ drainSeconds: 0, closeOverSeconds: 5 });
  void hub.lifecycle.drain();
  await hub.advance(0);
  expect(hub.told).toEqual(["drain", ...evenly]);
});

test("without a time for the streams, it stops at once, which delivers what was published before", async () => {
  const hub = new Hub({ drainSeconds: 0, closeOverSeconds: 0 });
  const drained = hub.lifecycle.drain();
  await hub.advance(0);
  await drained;
  expect(hub.told).toEqual(["drain", "stop"]);
});

test.each([
  ["a drain", 3000, ["drain", "stop"]],
  ["an even end", 12_000, ["drain", ...evenly, "stop"]],
])("a close ends %s", async (_name, afterMs, told) => {
  const hub = new Hub({ drainSeconds: 10, closeOverSeconds: 5 });
  const drained = hub.lifecycle.drain();
  await hub.advance(afterMs);
  await hub.lifecycle.close();
  await drained;
  expect([hub.told, hub.readiness]).toEqual([told, "stopping"]);
});

test("a close comes once, also before a drain", async () => {
  const hub = new Hub({ drainSeconds: 10, closeOverSeconds: 5 });
  await Promise.all([hub.lifecycle.close(), hub.lifecycle.drain(), hub.lifecycle.close()]);
  expect(hub.told).toEqual(["stop"]);
});
