import { expect, test } from "vitest";
import { hubsAt, startNode, untilListed } from "../support/listed-hubs.js";
import { printFigures } from "../support/load/figures.js";
import { startNatsServer } from "../support/nats-server.js";

test("a hub that is killed is gone from the lists of the others within 30 seconds", async () => {
  const server = await startNatsServer({});
  const names = ["first", "second", "third"];
  const hubs = await Promise.all(names.map((name) => startNode(name, server.address)));
  const [first, second, third] = hubs;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error("three hubs started");
  for (const hub of hubs) await untilListed(hub, names);
  await third.kill();
  const killedMs = performance.now();
  await untilListed(first, ["first", "second"]);
  const tookSeconds = (performance.now() - killedMs) / 1000;
  await untilListed(second, ["first", "second"]);
  printFigures("a hub that is killed", [`gone after ${tookSeconds.toFixed(1)} s`]);
  expect(tookSeconds).toBeLessThan(30);
  expect((await hubsAt(first)).map(({ state }) => state)).toEqual(["ok", "ok"]);
});
