import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { admitStream } from "../../../src/delivery/joining/admitted-stream.js";
import type { JoiningStream } from "../../../src/delivery/joining/admitted-stream.js";
import { LocalTicket } from "../../../src/delivery/joining/local-ticket.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import { RemoteTicket } from "../../../src/workers/worker/remote-ticket.js";
import { World } from "../fanout-world.js";
import { FakeClient } from "../fake-channel.js";
import { tinyFormat, tinyHead } from "../tiny-format.js";

const subscription = { format: tinyFormat, filters: [], rights: publicOnly };
const ticket = new LocalTicket({ subscription, lastEventId: undefined });
const stream: JoiningStream = { ticket, expiresAtMs: undefined };
const opening = { handle: new FakeClient("one", "at-once"), head: tinyHead };

it("is the only stream that a fan-out opens, says the compiler", () => {
  const world = new World();
  // @ts-expect-error: the gateway has not admitted this stream
  world.fanout.open(stream, opening);
  world.fanout.open(admitStream(stream), opening);
  expect(world.fanout.size).toBe(2);
  world.close();
});

it("is made by the two gateways alone", () => {
  const src = new URL("../../../src", import.meta.url).pathname;
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const makers = files.filter((name) =>
    readFileSync(join(src, name), "utf8").includes("import { admitStream }"),
  );
  expect(makers.toSorted()).toEqual(["gateway/gateway.ts", "workers/worker/remote-gateway.ts"]);
});

it("joins with a ticket that was made for its own cohorts", () => {
  const place = { cohort: 1, encoding: { format: "tiny" }, standing: { upTo: 0, id: "" }, added: [] };
  const remote = new RemoteTicket({ ...place, read: { kind: "history", after: 0, lossMark: 0 } });
  expect(() => LocalTicket.read(remote)).toThrow(
    "this ticket is not for a cohort of the hub in this process",
  );
  expect(() => RemoteTicket.read(ticket)).toThrow("this ticket is not a RemoteTicket");
  // @ts-expect-error: no other object is a ticket
  expect(() => LocalTicket.read({})).toThrow("this ticket is not for");
});
