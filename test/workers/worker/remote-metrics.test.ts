import { expect, test } from "vitest";
import { MetricsRegistry } from "../../../src/monitoring/metrics-registry.js";
import { RemoteMetrics } from "../../../src/workers/worker/remote-metrics.js";

/** Passes what the worker has collected to the hub, as the messages do. */
function pass(remote: RemoteMetrics, hub: MetricsRegistry): void {
  const { counted, observed } = structuredClone(remote.drain());
  for (const { name, by, labels } of counted) hub.count(name, by, labels);
  for (const { name, values, labels } of observed) hub.merge(name, values, labels);
}

test("what a worker counts and observes arrives as if the hub had counted it, however much it is", () => {
  const [remote, hub, direct] = [new RemoteMetrics(), new MetricsRegistry(), new MetricsRegistry()];
  for (let index = 0; index < 50_000; index += 1)
    for (const metrics of [remote, direct]) {
      metrics.count("rounds_total", 2, { front: index % 2 === 0 ? "http" : "mongrel2" });
      metrics.observe("round_bytes", (index * 7919) % 2_000_000, { front: "http" });
      metrics.observe("journal_record_bytes", index);
      if (index % 10_000 === 0) pass(remote, hub);
    }
  pass(remote, hub);
  expect(hub.snapshot()).toEqual(direct.snapshot());
  expect(hub.families()).toEqual(direct.families());
});

test("what was passed on is not passed on again", () => {
  const [remote, hub] = [new RemoteMetrics(), new MetricsRegistry()];
  remote.count("publications_total");
  remote.observe("round_bytes", 1, { front: "http" });
  pass(remote, hub);
  expect(remote.drain()).toEqual({ counted: [], observed: [] });
  pass(remote, hub);
  expect(hub.snapshot()).toMatchObject({ publications_total: 1, "round_bytes_count{front=http}": 1 });
});
