import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { linkTo } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import type { Mongrel2Server } from "../support/mongrel2-server.js";
import { atTestEnd } from "../support/on-end.js";
import { StormHub } from "../support/storm/storm-hub.js";
import type { StormFault } from "../support/storm/storm.js";
import { hubFaults, smallHistory, weather } from "../support/storm/storm-site.js";

function serverFaults(server: Mongrel2Server): readonly StormFault[] {
  return [
    {
      name: "Mongrel2 killed",
      make: async () => {
        await server.kill();
        await server.restart();
      },
    },
    {
      name: "Mongrel2 paused for 2 s",
      make: async () => {
        server.signal("SIGSTOP");
        await delay(2000);
        server.signal("SIGCONT");
      },
    },
  ];
}

it("clients behind a Mongrel2 that is killed and paused get every event, or are told what they missed", async () => {
  const paths = ["/esupdates", "/ws", "/poll", "/healthz"];
  const server = await startMongrel2({ mode: "shipped", paths });
  atTestEnd(() => server.stop());
  const hub = await StormHub.start({
    args: ["--state-dir", "state"],
    mongrel2: [linkTo(server)],
    config: smallHistory,
  });
  const faults = [...hubFaults(hub), ...serverFaults(server)];
  expect(await weather({ name: "Mongrel2", hub, port: () => server.port, faults, seed: 3 })).toEqual([]);
}, 1_500_000);
