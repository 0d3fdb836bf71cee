import { expect, it } from "vitest";
import { StormHub } from "../support/storm/storm-hub.js";
import { hubFaults, smallHistory, weather } from "../support/storm/storm-site.js";

it("clients of a hub that is killed, stopped and paused get every event, or are told what they missed", async () => {
  const hub = await StormHub.start({ args: ["--opaque-ids"], config: smallHistory });
  expect(await weather({ name: "HTTP", hub, port: () => hub.port, faults: hubFaults(hub), seed: 1 })).toEqual(
    [],
  );
}, 1_500_000);
