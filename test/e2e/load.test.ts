import { expect, test } from "vitest";
import { fronts, startEnvironment } from "../support/load/environment.js";
import { startLoadClients } from "../support/load/client.js";
import { startProducer, type Pace } from "../support/producer.js";

// Short versions of test/long. These tests check no rates and no delays. They only check that no event is lost and that
// no client is disconnected.
const within = 60_000;
const paces: readonly Pace[] = [{ kind: "flat-out" }, { kind: "bursts", size: 50, perSecond: 20 }];

test.each(fronts.flatMap((front) => paces.map((pace) => ({ front, pace }))))(
  "100 clients get all of 1,000 publications once and in order, and stay: $front, $pace.kind",
  async ({ front, pace }) => {
    const environment = await startEnvironment({ front });
    const loadClients = startLoadClients();
    const group = await loadClients.open({
      name: front,
      clients: 100,
      port: environment.port,
      firstSequence: 1,
    });
    await startProducer({ endpoint: environment.hub.ingest, count: 1000, pace });
    await group.waitSequence({ atLeast: 1000, within });
    expect(await group.faults()).toEqual({});
    expect((await group.snapshot()).counts).toMatchObject({ open: 100, events: 100_000 });
  },
);

// Bug: a closing link did not read its fences, so each stop behind Mongrel2 waited for its deadline of 5 s.
test.each(fronts)("a hub with streams that stops in order waits for no deadline: %s", async (front) => {
  const environment = await startEnvironment({ front });
  const loadClients = startLoadClients();
  const group = await loadClients.open({ name: front, clients: 50, port: environment.port });
  // On a busy machine the link may have been stuck before the stop, so the test ignores the earlier part of the log.
  const before = environment.hub.stderr.length;
  expect(await environment.hub.stop()).toMatchObject({ code: 0 });
  await group.waitCount("closed", { atLeast: 50, within });
  expect(environment.hub.stderr.slice(before)).not.toContain("the link is stuck");
});

test.each(["http", "shipped"] as const)(
  "slow clients keep their connection and get everything: %s",
  async (front) => {
    const environment = await startEnvironment({ front });
    const loadClients = startLoadClients();
    const slowLoadClients = startLoadClients();
    const count = 200;
    const fast = await loadClients.open({
      name: "fast",
      clients: 20,
      port: environment.port,
      firstSequence: 1,
    });
    const slow = await slowLoadClients.open({
      name: "slow",
      clients: 3,
      port: environment.port,
      firstSequence: 1,
      reading: { kind: "never" },
    });
    // The kernel buffers about 4 MB for a client that does not read. The test publishes at least 8 MB, so the client
    // falls behind.
    await startProducer({
      endpoint: environment.hub.ingest,
      count,
      bytes: 40_000,
      pace: { kind: "rate", perSecond: 100 },
    });
    await fast.waitSequence({ atLeast: count, within });
    expect((await slow.snapshot()).highest).toBeLessThan(count);
    await slow.read({ kind: "fast" });
    await slow.waitSequence({ atLeast: count, within });
    expect([await fast.faults(), await slow.faults()]).toEqual([{}, {}]);
  },
);
