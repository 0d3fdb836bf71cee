import { expect, test } from "vitest";
import { startNatsServer } from "../support/nats-server.js";
import { follow, listed, listOf, PresenceSite, PresenceWatcher } from "../support/presence-site.js";

test("hubs list the subscriptions of all; a rolling restart of them tells their ends, and no gap", async () => {
  const site = new PresenceSite(await startNatsServer());
  const [a, b] = [await site.start(), await site.start()];
  await follow(a, "a");
  await follow(b, "b");
  await listed(a, ["a", "b"]);
  const watcher = await PresenceWatcher.open(b, await listed(b, ["a", "b"]));
  await a.stop();
  await watcher.until("-a");
  await listed(b, ["b"]);

  const again = await site.start();
  await follow(again, "again");
  await watcher.until("+again");
  const position = await listed(again, ["again", "b"]);
  expect((await listOf(b)).topics).toEqual(["again", "b"]);
  expect(watcher.told).toEqual(["-a", "+again"]);

  const other = await PresenceWatcher.open(again, position);
  await b.stop();
  await other.until("-b");
  await listed(again, ["again"]);
  expect(other.told).toEqual(["-b"]);
});
