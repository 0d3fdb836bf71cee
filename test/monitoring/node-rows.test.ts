import { expect, it } from "vitest";
import { createNodeId } from "../../src/journal/nodes.js";
import type { LiveNode, NodeBeat, NodeId, Nodes } from "../../src/journal/nodes.js";
import { nodeRows } from "../../src/monitoring/node-rows.js";

function liveOf(node: NodeId, { silentMs = 0, ...given }: Partial<NodeBeat & LiveNode>): LiveNode {
  const beat = {
    node,
    name: "hub",
    version: "1",
    startedAtMs: 0,
    streams: 2,
    lagMs: 1500,
    state: "ok",
  } as const;
  return { beat: { ...beat, ...given }, silentMs };
}

function nodesOf(self: NodeId, live: readonly LiveNode[]): Nodes {
  return {
    self,
    live,
    isLive: () => true,
    onJoined: () => undefined,
    onGone: () => undefined,
    begin: () => undefined,
  };
}

it("describes each hub, by name, and marks the hub that responds", () => {
  const [first, second] = [createNodeId(), createNodeId()];
  const live = [
    liveOf(first, { name: "b", state: "degraded", silentMs: 2400 }),
    liveOf(second, { name: "a" }),
  ];
  const about = { version: "1", startedAt: "1970-01-01T00:00:00.000Z", streams: 2, lagSeconds: 1.5 };
  expect(nodeRows(nodesOf(first, live))).toEqual([
    { ...about, node: second, self: false, name: "a", state: "ok", seenSeconds: 0 },
    { ...about, node: first, self: true, name: "b", state: "degraded", seenSeconds: 2 },
  ]);
});

it("says that a hub is silent when two beats are missing", () => {
  const self = createNodeId();
  const states = [11_000, 13_000].map(
    (silentMs) => nodeRows(nodesOf(self, [liveOf(self, { silentMs })]))[0]?.state,
  );
  expect(states).toEqual(["ok", "silent"]);
});

it("is empty if this hub alone uses its journal", () => {
  expect(nodeRows(undefined)).toEqual([]);
});
