import { expect } from "vitest";
import type { FakeClient } from "./fake-channel.js";
import { World } from "./fanout-world.js";
import type { ClientOptions, WorldOptions } from "./fanout-world.js";

/** A world whose clients have received their response heads and are members. */
export function withMembers(
  options: WorldOptions,
  ...clients: readonly ClientOptions[]
): [World, ...FakeClient[]] {
  const world = new World(options);
  const opened = clients.map((client) => world.open({ ...client, appetite: "at-once" }));
  world.turn();
  opened.forEach((client, index) => (client.appetite = clients[index]?.appetite ?? "at-once"));
  expect(opened.filter((client) => !world.isMember(client))).toEqual([]);
  return [world, ...opened];
}

/** Two members that accept all bytes at once, and one member that accepts bytes when the test decides. */
export function three(options: WorldOptions = {}): [World, FakeClient, FakeClient, FakeClient] {
  const [world, one, two, slow] = withMembers(options, {}, {}, { appetite: "when-told" });
  if (one === undefined || two === undefined || slow === undefined) throw new Error("three were opened");
  return [world, one, two, slow];
}
