import { describe, expect, it } from "vitest";
import { parseExactFilter } from "../../../src/hub/filters/filter.js";
import { readRights } from "../../../src/gateway/access/read-rights.js";
import { at } from "../fanout-world.js";
import { PollWorld } from "./poll-world.js";
import type { Poll } from "./poll-world.js";

async function asked(world: PollWorld, asking: Parameters<PollWorld["ask"]>[0]): Promise<Poll> {
  const poll = world.ask(asking);
  await world.turn();
  return poll;
}

it("a poll without a cursor gets the retained values and the position at once", async () => {
  const world = new PollWorld();
  world.publish("a", "before");
  world.publish("a", "value", { retain: true });
  world.publish("b", "other");
  const poll = await asked(world, {});
  expect(poll.items).toEqual([{ kind: "event", id: at(2), topics: ["a"], data: "value", retained: true }]);
  expect(poll.answer).toMatchObject({ position: at(3), more: false });
});

it("a poll behind its position gets what it missed at once", async () => {
  const world = new PollWorld();
  for (const n of [1, 2, 3]) world.publish("a", String(n));
  const poll = await asked(world, { cursor: at(1) });
  expect(poll.items).toEqual([
    { kind: "event", id: at(2), topics: ["a"], data: "2" },
    { kind: "event", id: at(3), topics: ["a"], data: "3" },
  ]);
  expect(poll.answer).toMatchObject({ position: at(3), more: false });
});

it("a poll at the present waits until something comes on its topics", async () => {
  const world = new PollWorld();
  const poll = await asked(world, { cursor: at(0) });
  world.publish("b", "other");
  await world.turn();
  expect(poll.data).toBeUndefined();
  world.publish("a", "one");
  world.publish("a", "two");
  await world.turn();
  expect(poll.data).toEqual(["one", "two"]);
  expect(poll.answer?.position).toBe(at(3));
  expect(world.clock.timers).toBe(0);
});

it("a poll that waits in vain gets the present position, which other topics have moved", async () => {
  const world = new PollWorld();
  const poll = await asked(world, { cursor: at(0), waitMs: 1000 });
  world.publish("b", "other");
  await world.advance(999);
  expect(poll.data).toBeUndefined();
  await world.advance(1);
  expect(poll.data).toEqual([]);
  expect(poll.answer).toMatchObject({ position: at(1), more: false });
});

it("a poll whose client has gone waits no longer, and holds nothing", async () => {
  const world = new PollWorld();
  const controller = new AbortController();
  await asked(world, { cursor: at(0), signal: controller.signal });
  expect([world.polls.size, world.hub.cohortCount]).toEqual([1, 1]);
  controller.abort();
  await world.turn();
  expect([world.polls.size, world.hub.cohortCount, world.clock.timers]).toEqual([0, 0, 0]);
});

it("a poll whose client had gone before does not wait", async () => {
  const world = new PollWorld();
  await asked(world, { cursor: at(0), signal: AbortSignal.abort() });
  expect([world.polls.size, world.hub.cohortCount, world.clock.timers]).toEqual([0, 0, 0]);
});

it("a poll that is not to wait is answered at once", async () => {
  const poll = await asked(new PollWorld(), { cursor: at(0), waitMs: 0 });
  expect(poll.data).toEqual([]);
});

it("polls that wait at one place get the same bytes, whenever they came", async () => {
  const world = new PollWorld();
  const first = await asked(world, { cursor: at(0) });
  world.publish("b", "other");
  const second = await asked(world, { cursor: at(1) });
  world.publish("a", "news");
  await world.turn();
  expect(first.data).toEqual(["news"]);
  expect(second.answer?.page).toBe(first.answer?.page);
});

it("an answer holds a page, and tells that there is more", async () => {
  const world = new PollWorld({ pageBytes: 200 });
  for (const n of [1, 2, 3, 4]) world.publish("a", String(n).repeat(60));
  const data: (readonly string[] | undefined)[] = [];
  let cursor: string | undefined = at(0);
  for (let more = true; more;) {
    const poll: Poll = await asked(world, { cursor });
    data.push(poll.data?.map((text) => text.slice(0, 1)));
    cursor = poll.answer?.position;
    more = poll.answer?.more ?? false;
  }
  expect(data).toEqual([["1"], ["2"], ["3"], ["4"]]);
});

it("retained values that do not fit into one answer come in the next ones", async () => {
  const world = new PollWorld({ pageBytes: 200 });
  for (const n of [1, 2, 3]) world.publish(`a/${n}`, String(n).repeat(80), { retain: true });
  const first = await asked(world, { filters: ["a/#"] });
  expect(first.answer).toMatchObject({ more: true });
  world.publish("a/1", "changed", { retain: true });
  const data = [first.data];
  let { position: cursor } = first.answer ?? { position: "" };
  for (let polls = 0; polls < 3; polls += 1) {
    const poll = await asked(world, { filters: ["a/#"], cursor });
    data.push(poll.data);
    cursor = poll.answer?.position ?? "";
  }
  expect(data.map((texts) => texts?.map((text) => text.slice(0, 3)))).toEqual([
    ["111"],
    ["222"],
    ["333"],
    ["cha"],
  ]);
  expect(cursor).toBe(at(4));
});

/** Polls from this position on until there are no more events. Returns all events. */
async function allOf(world: PollWorld, asking: Parameters<PollWorld["ask"]>[0]): Promise<readonly string[]> {
  const data: string[] = [];
  let cursor = asking?.cursor;
  for (let polls = 0; polls < 20; polls += 1) {
    const { answer, data: came = [] } = await asked(world, { ...asking, waitMs: 0, cursor });
    data.push(...came);
    cursor = answer?.position;
    if (answer?.more !== true) return data;
  }
  throw new Error(`20 answers were not enough: ${data.join(" ")}`);
}

describe("with answers of one event each, a filter that is added", () => {
  const filters = ["a/#", "y"];
  const added = ["y"];

  it.each([
    ["once", {}],
    ["with each poll", { added }],
  ])("while retained values come has its own sent, said %s", async (_name, later) => {
    const world = new PollWorld({ pageBytes: 10 });
    world.publish("y", "new", { retain: true });
    for (const n of [1, 2, 3]) world.publish(`a/${n}`, String(n), { retain: true });
    const { answer } = await asked(world, { filters: ["a/#"] });
    expect(answer?.position).toMatch(/^#opening,/);
    const next = await asked(world, { filters, added, cursor: answer?.position });
    const rest = await allOf(world, { filters, cursor: next.answer?.position, ...later });
    expect([...(next.data ?? []), ...rest]).toEqual(["new", "1", "2", "3"]);
  });

  it("has the values of no other filter sent again", async () => {
    const world = new PollWorld({ pageBytes: 10 });
    world.publish("a/1", "old", { retain: true });
    for (const n of [1, 2, 3]) world.publish(`y/${n}`, String(n), { retain: true });
    world.publish("a/2", "old", { retain: true });
    const data = await allOf(world, { filters: ["a/#", "y/#"], added: ["y/#"], cursor: at(5) });
    expect(data).toEqual(["1", "2", "3"]);
  });

  it.each([
    ["once", {}],
    ["with each poll", { added }],
  ])("behind a gap has its own sent before the events go on, said %s", async (_name, later) => {
    const world = new PollWorld({ pageBytes: 10, history: { topicEvents: 1 } });
    world.publish("y", "new", { retain: true });
    world.publish("a/1", "1");
    for (const n of [2, 3, 4]) world.publish("a/2", String(n));
    const gap = await asked(world, { filters: ["a/#"], cursor: at(1) });
    expect(gap.answer?.position).toMatch(/^#told,/);
    expect(gap.data).toEqual(["gap"]);
    const next = await asked(world, { filters, added, cursor: gap.answer?.position });
    expect(next.data).toEqual(["new"]);
    const rest = await allOf(world, { filters, cursor: next.answer?.position, ...later });
    expect(rest.filter((text) => text !== "gap")).toEqual(["1", "4"]);
  });
});

it.each([
  ["of another run", "#other:1", "other-epoch"],
  ["that nobody knows", "urn:never", "unknown-id"],
  ["that is no position of an opening", "#opening,,#test:1,#test:1,urn:1,", "unknown-id"],
  ["of an opening of another run", "#opening,,#other:1,#other:1,#other:1,", "unknown-id"],
])("a cursor %s is answered with a gap and all that is held", async (_name, cursor, reason) => {
  const world = new PollWorld();
  world.publish("a", "one");
  const poll = await asked(world, { cursor });
  expect(poll.items[0]).toMatchObject({ kind: "gap", id: at(0), reason });
  expect(poll.data).toEqual(["gap", "one"]);
});

it("what an earlier run told with the same epoch is told again, because its count of losses is another", async () => {
  const open = (run: string): PollWorld => {
    const world = new PollWorld({ run, pageBytes: 10, history: { topicEvents: 1 } });
    world.publish("b", "0");
    world.publish("a/1", "1");
    for (const n of [2, 3, 4]) world.publish("a/2", String(n));
    return world;
  };
  const first = open("one");
  const told = await asked(first, { filters: ["a/#"], cursor: at(1) });
  expect(told.data).toEqual(["gap"]);
  const cursor = told.answer?.position;
  expect((await asked(first, { filters: ["a/#"], cursor })).data).toEqual(["1"]);
  expect((await asked(open("two"), { filters: ["a/#"], cursor })).data).toEqual(["gap"]);
});

it("what was evicted behind a cursor is told, once", async () => {
  const world = new PollWorld({ history: { topicEvents: 2 } });
  for (const n of [1, 2, 3, 4, 5]) world.publish("a", String(n));
  const poll = await asked(world, { cursor: at(1) });
  expect(poll.items[0]).toMatchObject({ kind: "gap", id: at(3), reason: "evicted" });
  expect(poll.data).toEqual(["gap", "4", "5"]);
  world.publish("a", "6");
  const next = await asked(world, { cursor: poll.answer?.position });
  expect(next.data).toEqual(["6"]);
});

it("a gap that is to be told behind many retained values is told by the answer that ends them", async () => {
  const world = new PollWorld({ pageBytes: 200 });
  for (const n of [1, 2]) world.publish(`a/${n}`, String(n).repeat(80), { retain: true });
  const first = await asked(world, { filters: ["a/#"], cursor: "#other:7" });
  expect(first.items[0]).toMatchObject({ kind: "gap", reason: "other-epoch" });
  const evicted = new PollWorld({ pageBytes: 200, history: { topicEvents: 1, bytes: 1 } });
  for (const n of [1, 2, 3]) evicted.publish(`a/${n}`, String(n).repeat(80), { retain: true });
  const reasons: unknown[] = [];
  let cursor = "#other:7";
  for (let polls = 0; polls < 4; polls += 1) {
    const poll = await asked(evicted, { filters: ["a/#"], cursor });
    reasons.push(poll.items.map((item) => (item.kind === "gap" ? item.reason : item.data.slice(0, 1))));
    cursor = poll.answer?.position ?? "";
  }
  expect(reasons.flat()).toEqual(["1", "2", "3", "other-epoch"]);
  expect(cursor).toBe(at(3));
});

it("private publications come to whoever may read them, and wake nobody else", async () => {
  const world = new PollWorld();
  const granted = readRights({
    form: "current",
    publish: [],
    mayPublish: false,
    subscribe: [parseExactFilter("a")],
    expiresAtMs: undefined,
    issuer: "",
    subject: "",
    payloadFor: () => undefined,
  });
  const stranger = await asked(world, { cursor: at(0) });
  const reader = await asked(world, { cursor: at(0), rights: granted });
  world.publish("a", "secret", { private: true });
  await world.turn();
  expect(reader.data).toEqual(["secret"]);
  expect(stranger.data).toBeUndefined();
});

it("close answers all that wait, and later polls at once", async () => {
  const world = new PollWorld();
  const waiting = await asked(world, { cursor: at(0) });
  world.polls.close();
  world.polls.close();
  await world.turn();
  expect(waiting.data).toEqual([]);
  expect((await asked(world, { cursor: at(0) })).data).toEqual([]);
  expect(world.clock.timers).toBe(0);
});

it("close gives what was published just before", async () => {
  const world = new PollWorld();
  const waiting = await asked(world, { cursor: at(0) });
  world.publish("a", "last words");
  world.polls.close();
  await world.turn();
  expect(waiting.data).toEqual(["last words"]);
});

it("polls count until they are answered, and leave nothing behind", async () => {
  const world = new PollWorld();
  await asked(world, { cursor: at(0) });
  await asked(world, { cursor: at(0), filters: ["b"] });
  expect({ polls: world.polls.size, cohorts: world.hub.cohortCount }).toEqual({ polls: 2, cohorts: 2 });
  world.publish("a", "x");
  await world.advance(25_000);
  expect({ polls: world.polls.size, cohorts: world.hub.cohortCount }).toEqual({ polls: 0, cohorts: 0 });
  expect(world.hub.pendingBytes).toBe(0);
});

it("an even end answers one poll after the other, while the others still wait for events", async () => {
  const world = new PollWorld();
  const polls: Poll[] = [];
  for (const filters of [["a"], ["a"], ["b"], ["c"]])
    polls.push(await asked(world, { cursor: at(0), filters }));
  const ended = world.polls.endEvenly(1000);
  await world.turn();
  const answered = (): readonly boolean[] => polls.map(({ answer }) => answer !== undefined);
  expect(answered()).toEqual([true, false, false, false]);
  await world.advance(260);
  expect(answered()).toEqual([true, true, false, false]);
  world.publish("c", "meanwhile");
  await world.turn();
  expect(polls[3]?.data).toEqual(["meanwhile"]);
  // It takes the place of the poll that the event has answered.
  const late = await asked(world, { cursor: at(1) });
  await world.advance(480);
  expect([answered(), late.data]).toEqual([[true, true, true, true], undefined]);
  await world.advance(20);
  await ended;
  world.polls.close();
  expect([late.data, world.polls.size, world.clock.timers]).toEqual([[], 0, 0]);
});

it("an even end is over at once without a poll, and with the last answer", async () => {
  const world = new PollWorld();
  await world.polls.endEvenly(1000);
  await asked(world, { cursor: at(0) });
  const ended = world.polls.endEvenly(1000);
  await world.turn();
  await ended;
  world.polls.close();
  expect([world.polls.size, world.clock.timers]).toEqual([0, 0]);
});
