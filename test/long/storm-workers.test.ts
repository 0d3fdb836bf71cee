import { expect, it } from "vitest";
import { StormHub } from "../support/storm/storm-hub.js";
import { hubFaults, smallHistory, weather, workerFaults } from "../support/storm/storm-site.js";

it("clients of a hub whose workers are killed and paused get every event, or are told what they missed", async () => {
  const hub = await StormHub.start({ args: ["--workers", "2"], config: smallHistory });
  const faults = [...hubFaults(hub), ...workerFaults(hub), ...workerFaults(hub)];
  expect(await weather({ name: "workers", hub, port: () => hub.port, faults, seed: 2 })).toEqual([]);
}, 1_500_000);
