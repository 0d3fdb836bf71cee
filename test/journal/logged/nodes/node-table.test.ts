import { expect, it } from "vitest";
import { mostNodes, NodeTable } from "../../../../src/journal/logged/nodes/node-table.js";
import { createNodeId } from "../../../../src/journal/nodes.js";
import type { NodeBeat, NodeId } from "../../../../src/journal/nodes.js";
import { VirtualClock } from "../../../support/virtual-clock.js";

function beatOf(node: NodeId): NodeBeat {
  return { node, name: "hub", version: "1", startedAtMs: 1, streams: 2, lagMs: 3, state: "ok" };
}

function tableOf(beats: readonly NodeBeat[]): NodeTable {
  const table = new NodeTable(new VirtualClock());
  for (const [index, beat] of beats.entries()) table.beat(beat, index + 1);
  return table;
}

it("ignores that a hub is gone if it has written another beat meanwhile", () => {
  const [first, second] = [createNodeId(), createNodeId()];
  const table = tableOf([beatOf(first), beatOf(second), beatOf(first)]);
  table.gone({ kind: "gone", node: first, after: 1, by: second });
  expect(table.has(first)).toBe(true);
  table.gone({ kind: "gone", node: first, after: 3, by: second });
  expect(table.has(first)).toBe(false);
});

it("is the same after a snapshot", () => {
  const [first, second] = [createNodeId(), createNodeId()];
  const table = tableOf([beatOf(first), beatOf(second), beatOf(first)]);
  const items = JSON.parse(JSON.stringify(table.save())) as readonly unknown[];
  const loaded = tableOf([]);
  for (const item of items) loaded.load(item);
  expect(loaded.live).toEqual(table.live);
});

it.each([
  ["no object", 1],
  ["no beat", { sequence: 1 }],
  ["no record", beatOf(createNodeId())],
  ["an unknown state", { ...beatOf(createNodeId()), state: "well", sequence: 1 }],
  ["streams below 0", { ...beatOf(createNodeId()), streams: -1, sequence: 1 }],
])("refuses an item of a snapshot: %s", (_, item) => {
  expect(() => tableOf([]).load(item)).toThrow(expect.objectContaining({ code: "bad-snapshot" }));
});

it("takes the hub with the oldest beat for gone when there are too many", () => {
  const ids = Array.from({ length: mostNodes }, () => createNodeId());
  const table = tableOf(ids.map(beatOf));
  const gone: (readonly [NodeId, NodeId])[] = [];
  table.onGone((node, by) => void gone.push([node, by]));
  const [first, second] = ids;
  const one = createNodeId();
  if (first !== undefined) table.beat(beatOf(first), 2000);
  expect(gone).toEqual([]);
  table.beat(beatOf(one), 2001);
  expect(gone).toEqual([[second, one]]);
  expect(table.live).toHaveLength(mostNodes);
});
