import { expect, test } from "vitest";
import { printFigures } from "../support/load/figures.js";
import { startNatsServer } from "../support/nats-server.js";
import { follow, listed, PresenceSite, PresenceWatcher } from "../support/presence-site.js";

test("when a hub is killed, the others tell the ends of its subscriptions within 30 seconds", async () => {
  const site = new PresenceSite(await startNatsServer());
  const [a, b, c] = [await site.start(), await site.start(), await site.start()];
  for (const topic of ["a1", "a2"]) await follow(a, topic);
  await follow(b, "b");
  await follow(c, "c");
  const watcher = await PresenceWatcher.open(b, await listed(b, ["a1", "a2", "b", "c"]));
  const killedMs = performance.now();
  await a.kill();
  await watcher.until("-a1", "-a2");
  const seconds = (performance.now() - killedMs) / 1000;
  printFigures("a hub with two streams is killed", [`the others tell it after ${seconds.toFixed(1)} s`]);
  expect(seconds).toBeLessThan(30);
  await Promise.all([listed(b, ["b", "c"]), listed(c, ["b", "c"])]);
  expect(watcher.told.toSorted()).toEqual(["-a1", "-a2"]);
});

test("the subscriptions of hubs that are all killed end when another one has started", async () => {
  const site = new PresenceSite(await startNatsServer());
  const [a, b] = [await site.start(), await site.start()];
  await follow(a, "a");
  await follow(b, "b");
  await listed(a, ["a", "b"]);
  await Promise.all([a.kill(), b.kill()]);
  const last = await site.start();
  await follow(last, "last");
  const watcher = await PresenceWatcher.open(last, await listed(last, ["a", "b", "last"]));
  await watcher.until("-a", "-b");
  await listed(last, ["last"]);
  expect(watcher.told.toSorted()).toEqual(["-a", "-b"]);
});
