import { expect, it } from "vitest";
import { publicationOf } from "../logged-site.js";
import { NodeCluster } from "./node-cluster.js";

it("refuses publications while the hub may lack what others stored more than two seconds ago", async () => {
  const cluster = new NodeCluster();
  const { site } = await cluster.start();
  await cluster.pass(10_000);
  expect(site.journal.status).toMatchObject({ state: "up", lagMs: 0 });
  // As after a process was stopped: time has passed, and nothing has run.
  const { clock } = cluster;
  const stopped = clock.monotonic.bind(clock);
  clock.monotonic = () => stopped() + 30_000;
  expect(site.journal.status.state).toBe("behind");
  expect(site.journal.status.lagMs).toBeGreaterThan(28_000);
  await expect(site.publish("1")).rejects.toMatchObject({
    code: "unavailable",
    retryAfterSeconds: 1,
    message: expect.stringContaining("is behind the other hubs") as string,
  });
  const room = site.journal.roomOnceUp();
  expect(room).toBeInstanceOf(Promise);
  // The next answer of the engine ends it.
  await cluster.pass(500);
  await room;
  expect(site.journal.status).toMatchObject({ state: "up", lagMs: 0 });
  const published = site.publish("2");
  await cluster.settle();
  await published;
  expect(site.data).toEqual(["2"]);
});

it("stores what has no sender to tell, also while the hub is behind", async () => {
  const cluster = new NodeCluster();
  const { site } = await cluster.start();
  site.log.latest = () => new Promise(() => undefined);
  await cluster.pass(3000);
  expect(site.journal.status.state).toBe("behind");
  const receipt = site.journal.append(publicationOf({ data: "1" }));
  await cluster.settle();
  await receipt;
  expect(site.data).toEqual(["1"]);
});

it("is not up to date before it has applied the newest record of the answer", async () => {
  const cluster = new NodeCluster();
  const { site } = await cluster.start();
  let newest = cluster.store.head + 2;
  site.log.latest = () => Promise.resolve(newest);
  await cluster.pass(3000);
  expect(site.journal.status).toMatchObject({ state: "behind", lagMs: 2500 });
  newest = cluster.store.head;
  void site.journal.append(publicationOf({ data: "1" }));
  await cluster.settle();
  void site.journal.append(publicationOf({ data: "2" }));
  await cluster.pass(500);
  expect(site.journal.status).toMatchObject({ state: "up", lagMs: 0 });
});
