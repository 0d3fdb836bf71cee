import { expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/log.js";
import type { LogFields } from "../../../../src/base/log.js";
import { liveOf, NodeCluster } from "./node-cluster.js";

it("shows each hub all hubs, as their last beats describe them", async () => {
  const cluster = new NodeCluster();
  const first = await cluster.start({ name: "hub-1", streams: () => 3 });
  const second = await cluster.start({ name: "hub-2", version: "2", isDegraded: () => true });
  const beats = second.site.journal.nodes?.live.map(({ beat }) => beat);
  expect(beats).toMatchObject([
    { node: first.id, name: "hub-1", version: "1.0.0", streams: 3, lagMs: 0, state: "ok" },
    { node: second.id, name: "hub-2", version: "2", streams: 0, state: "degraded" },
  ]);
  expect(liveOf(first)).toEqual(liveOf(second));
});

it("says how long a hub has been silent", async () => {
  const cluster = new NodeCluster();
  const first = await cluster.start();
  const second = await cluster.start();
  await cluster.pass(4000);
  expect(first.site.journal.nodes?.live.map(({ silentMs }) => silentMs)).toEqual([4000, 4000]);
  cluster.kill(second);
  await cluster.pass(9000);
  const silent = new Map(first.site.journal.nodes?.live.map(({ beat, silentMs }) => [beat.node, silentMs]));
  expect(silent.get(first.id)).toBeLessThan(5000);
  expect(silent.get(second.id)).toBe(13_000);
});

it("declares a hub gone that is silent for 20 seconds, within 26 seconds of its end", async () => {
  const cluster = new NodeCluster();
  const first = await cluster.start();
  const second = await cluster.start();
  await cluster.pass(5000);
  cluster.kill(second);
  await cluster.pass(20_000);
  expect(first.gone).toEqual([]);
  await cluster.pass(1250);
  expect(first.gone).toEqual([[second.id, first.id]]);
  expect(liveOf(first)).toEqual([first.id]);
});

it("is told of once if two hubs notice it at the same time, by the one that was first in the log", async () => {
  const cluster = new NodeCluster();
  const hubs = [await cluster.start(), await cluster.start(), await cluster.start()] as const;
  cluster.kill(hubs[2]);
  await cluster.pass(26_000);
  expect(hubs[0].gone).toHaveLength(1);
  expect(hubs[0].gone).toEqual(hubs[1].gone);
});

it("is gone at once if it stopped in order", async () => {
  const cluster = new NodeCluster();
  const first = await cluster.start();
  const second = await cluster.start();
  await Promise.all([second.site.journal.close(), cluster.pass(0)]);
  expect(first.site.journal.nodes?.live.map(({ beat }) => beat.state)).toEqual(["ok", "leaving"]);
  await cluster.pass(1000);
  expect(first.gone).toEqual([[second.id, first.id]]);
});

it("is gone for the next hub that starts, if no other hub was there to notice it", async () => {
  const cluster = new NodeCluster();
  const first = await cluster.start();
  cluster.kill(first);
  await cluster.pass(60_000);
  const second = await cluster.start();
  expect(second.site.journal.nodes?.isLive(first.id)).toBe(true);
  await cluster.pass(22_000);
  expect(second.gone).toEqual([[first.id, second.id]]);
  // A replay applies it in the same order, before the journal is open.
  const third = await cluster.start();
  expect(third.gone).toEqual(second.gone);
});

it("comes back with its next beat after it was cut off", async () => {
  const cluster = new NodeCluster();
  const first = await cluster.start();
  const second = await cluster.start();
  second.site.log.isCut = true;
  await cluster.pass(26_000);
  expect(liveOf(first)).toEqual([first.id]);
  second.site.log.isCut = false;
  await cluster.pass(5000);
  // It learns that others took it for gone, and takes nobody else for gone.
  expect(second.gone).toEqual([[second.id, first.id]]);
  expect(new Set(liveOf(second))).toEqual(new Set([first.id, second.id]));
  expect(liveOf(first)).toEqual(liveOf(second));
  await cluster.pass(60_000);
  expect(first.gone).toHaveLength(1);
});

it("takes no hub for gone because the engine was away for a minute", async () => {
  const cluster = new NodeCluster();
  const hubs = [await cluster.start(), await cluster.start()] as const;
  for (const { site } of hubs) site.log.isCut = true;
  await cluster.pass(60_000);
  const before = cluster.store.head;
  hubs[0].site.log.isCut = false;
  await cluster.pass(15_000);
  hubs[1].site.log.isCut = false;
  await cluster.pass(30_000);
  expect(hubs.map(({ gone }) => gone)).toEqual([[], []]);
  // While the engine was away, each hub queued one beat. Besides those: an epoch a hub, and a beat each 5 seconds.
  expect(cluster.store.head - before).toBeLessThanOrEqual(2 + 2 + 9 + 6);
});

it("logs that a hub is gone and which hub noticed it, but not for hubs of a replay", async () => {
  const lines: unknown[] = [];
  const logger = {
    ...silentLogger,
    info: (fields: LogFields, message: string) => void lines.push([message, fields]),
    warn: (fields: LogFields, message: string) => void lines.push([message, fields]),
  };
  const cluster = new NodeCluster();
  const first = await cluster.start({ name: "hub-1" }, { logger });
  const second = await cluster.start({ name: "hub-2" });
  second.site.log.isCut = true;
  await cluster.pass(26_000);
  const told = { hub: "hub-2", node: second.id, by: first.id, byHub: "hub-1" };
  expect(lines).toEqual([["a hub is gone", told]]);
  lines.length = 0;
  const later = await cluster.start({ name: "hub-3" }, { logger });
  expect(later.gone).toEqual([[second.id, first.id]]);
  expect(lines).toEqual([]);
});

it("logs that another hub took this one for gone", async () => {
  const lines: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: LogFields, message: string) => void lines.push([message, fields]),
  };
  const cluster = new NodeCluster();
  const first = await cluster.start({ name: "hub-1" });
  const second = await cluster.start({ name: "hub-2" }, { logger });
  second.site.log.isCut = true;
  await cluster.pass(26_000);
  second.site.log.isCut = false;
  await cluster.pass(5000);
  const told = { hub: "hub-2", node: second.id, by: first.id, byHub: "hub-1" };
  expect(lines).toContainEqual(["another hub took this hub for gone; this hub goes on", told]);
});
