import * as fc from "fast-check";
import { expect, it } from "vitest";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import { sequenceOf } from "../../../src/journal/log/record.js";
import type { SnapshotPart } from "../../../src/journal/snapshot-part.js";
import { waitFor } from "../../support/wait-for.js";
import { MemoryLogStore } from "../log/memory-log.js";
import { LoggedSite, publicationOf } from "./logged-site.js";

it("passes a publication on only when the log has stored it", async () => {
  const { journal, log, ...site } = await LoggedSite.open();
  log.hold();
  const receipt = journal.append(publicationOf({ data: "1" }));
  await turns();
  expect(site.entries).toEqual([]);
  expect(journal.history.head).toBe(0);
  log.release();
  const { id } = await receipt;
  expect(site.entries.map((entry) => entry.id)).toEqual([id]);
});

it("stores all publications of a turn as one record", async () => {
  const site = await LoggedSite.open();
  const answers = ["1", "2", "3"].map((data) => site.publish(data, `${data}b`));
  await Promise.all(answers);
  expect(site.data).toEqual(["1", "1b", "2", "2b", "3", "3b"]);
  // The first record begins the epoch.
  expect(site.store.records).toHaveLength(2);
});

it("has the same events, with the same ids, after a restart", async () => {
  const before = await LoggedSite.open();
  await before.publish("1", "2");
  before.journal.begin().add(publicationOf({ data: "never committed" }));
  await before.journal.append(publicationOf({ data: "own", id: "mine" }));
  await before.journal.append(publicationOf({ data: "own again", id: "mine" }));
  const after = await LoggedSite.open({ store: before.store });
  expect(after.events).toEqual(before.events);
  expect(after.entries.map(({ id }) => id === "mine")).toEqual([false, false, true, false]);
  const [, second] = before.events;
  expect(after.journal.history.locate(second?.id ?? "")).toEqual({
    kind: "at",
    offset: after.entries[1]?.offset,
  });
});

it("tells a client a gap whose position lies beyond what a crash has left", async () => {
  const before = await LoggedSite.open();
  await before.publish("1");
  const [lost = ""] = await before.publish("2");
  before.store.records.pop();
  before.store.head -= 1;
  const after = await LoggedSite.open({ store: before.store });
  const [again = ""] = await after.publish("3");
  expect(after.data).toEqual(["1", "3"]);
  expect(after.journal.history.locate(lost)).toEqual({ kind: "lost", reason: "other-epoch" });
  expect(after.journal.history.locate(again).kind).toBe("at");
});

// A run counts only consecutive records. So a damaged record took all later ones of its run with it.
it("loses a damaged record only, and none of those that follow", async () => {
  const before = await LoggedSite.open();
  for (const data of ["1", "2", "3", "4", "5"]) await before.publish(data);
  const [, first = 0, second = 0] = before.store.records.map(({ sequence }) => sequence);
  before.log.damage(second);
  const after = await LoggedSite.open({ store: before.store });
  expect(after.data).toEqual(["1", "3", "4", "5"]);
  after.log.damage(first);
  expect((await LoggedSite.open({ store: before.store })).data).toEqual(["3", "4", "5"]);
});

it.each(["lost", "stored"] as const)("stores a record once whose write failed and was %s", async (kind) => {
  const site = await LoggedSite.open();
  site.log.failNext(kind);
  const first = site.publish("1", "2");
  await turns();
  const second = site.journal.append(publicationOf({ data: "3" }));
  await Promise.all([first, second]);
  expect(site.data).toEqual(["1", "2", "3"]);
  const after = await LoggedSite.open({ store: site.store });
  expect(after.events).toEqual(site.events);
});

it.each([
  [false, 1],
  [true, 2],
])("begins an epoch after a failure if the log is shared: %s", async (isShared, epochs) => {
  // An engine can lose its newest records while a hub has no connection. The positions of before end there.
  const site = await LoggedSite.open({ isShared });
  const [before = ""] = await site.publish("1");
  site.log.failNext("lost");
  const [after = ""] = await site.publish("2");
  expect(new Set([before, after].map((id) => id.split(":")[0])).size).toBe(epochs);
  const { history } = site.journal;
  expect([before, after].map((id) => history.locate(id).kind)).toEqual(["at", "at"]);
  const again = await LoggedSite.open({ store: site.store, isShared });
  expect(again.events).toEqual(site.events);
});

it("refuses a request while the log is full, keeps what has no sender to tell, and heals", async () => {
  const site = await LoggedSite.open();
  site.log.isFull = true;
  const kept = site.journal.append(publicationOf({ data: "kept" }));
  await waitFor(() => site.journal.status.state === "full", { within: 20_000, missing: "the state full" });
  await expect(site.publish("refused")).rejects.toMatchObject({ code: "unavailable", retryAfterSeconds: 1 });
  expect(site.journal.roomOnceUp()).toBeInstanceOf(Promise);
  site.log.isFull = false;
  await kept;
  expect(site.journal.status.state).toBe("up");
  expect(site.journal.roomOnceUp()).toBeUndefined();
  await site.publish("later");
  expect(site.data).toEqual(["kept", "later"]);
});

it("answers a request that the log does not store in time, and stores it later", async () => {
  const site = await LoggedSite.open({ limits: { appendSeconds: 1 } });
  site.log.hold();
  await expect(site.publish("1")).rejects.toThrow(/did not store the publications in time/);
  site.log.release();
  await waitFor(() => site.data.length === 1, { within: 20_000, missing: "the publication" });
});

it("makes publishers wait while too much is not stored yet", async () => {
  const site = await LoggedSite.open({ limits: { waitingBytes: 1000 } });
  site.log.hold();
  const stored = site.publish("x".repeat(1000));
  const room = site.journal.room();
  expect(room).toBeInstanceOf(Promise);
  site.log.release();
  await Promise.all([stored, room]);
  expect(site.journal.room()).toBeUndefined();
});

it("splits what waits into records of a limited size, but never a request", async () => {
  const site = await LoggedSite.open({ limits: { batchBytes: 65_536 } });
  const text = "x".repeat(1000);
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => site.publish(...Array<string>(3).fill(`${index}${text}`))),
  );
  expect(site.store.records).toHaveLength(4);
  for (let first = 0; first < site.entries.length; first += 3) {
    const sequences = site.entries.slice(first, first + 3).map(({ offset }) => sequenceOf(offset));
    expect(new Set(sequences).size).toBe(1);
  }
});

it("refuses a request that is larger than a record", async () => {
  const site = await LoggedSite.open({ maxRecordBytes: 10_000 });
  await expect(site.publish("é".repeat(6000))).rejects.toMatchObject({ code: "too-large" });
  await expect(site.publish(...Array<string>(4097).fill(""))).rejects.toMatchObject({ code: "too-large" });
  expect(await site.publish("é")).toHaveLength(1);
  expect(await site.publish()).toEqual([]);
});

it("stores a group with a name once, also while the first is under way, and across a restart", async () => {
  const site = await LoggedSite.open();
  const both = [site.publishOnce("key", "1", "2"), site.publishOnce("key", "1", "2")];
  const [first, second] = await Promise.all(both);
  expect(second).toEqual(first);
  expect(site.journal.answerTo("key")).toEqual(first);
  const after = await LoggedSite.open({ store: site.store });
  expect(after.journal.answerTo("key")).toEqual(first);
  expect(await after.publishOnce("key", "3")).toEqual(first);
  expect(await after.publishOnce("other", "4")).not.toEqual(first);
  expect(after.data).toEqual(["1", "2", "4"]);
  const again = await LoggedSite.open({ store: site.store });
  expect(again.events).toEqual(after.events);
});

it("remembers as many answers as the log says, and a restart can change that", async () => {
  const site = await LoggedSite.open({ idempotency: { answers: 1 } });
  await site.publishOnce("a", "1");
  await site.publishOnce("b", "2");
  expect([site.journal.answerTo("a"), site.journal.answerTo("b")?.length]).toEqual([undefined, 1]);
  const { store } = site;
  const after = await LoggedSite.open({ store, idempotency: { answers: 2 } });
  const third = await after.publishOnce("c", "3");
  expect(await after.publishOnce("b", "again")).toHaveLength(1);
  const again = await LoggedSite.open({ store, idempotency: { answers: 2 } });
  expect(again.journal.answerTo("c")).toEqual(third);
  expect(again.data).toEqual(["1", "2", "3"]);
});

it("stores nothing more once the log has lost records, and a restart tells what is lost", async () => {
  const site = await LoggedSite.open();
  const [kept = ""] = await site.publish("1");
  const [lost = ""] = await site.publish("2");
  site.log.loseTail(site.log.head - 1);
  expect(site.end).toEqual({ kind: "lost" });
  await expect(site.publish("3")).rejects.toMatchObject({ code: "unavailable" });
  const after = await LoggedSite.open({ store: site.store });
  await after.publish("4");
  expect(after.data).toEqual(["1", "4"]);
  const { history } = after.journal;
  expect(history.locate(kept).kind).toBe("at");
  expect(history.locate(lost)).toEqual({ kind: "lost", reason: "other-epoch" });
});

// A disk may hang without an error. Requests then waited for ever.
it("refuses a request that waits for room for too long, and lets others wait", async () => {
  const site = await LoggedSite.open({ limits: { waitingBytes: 100, appendSeconds: 0.05 } });
  site.log.hold();
  const waiting = site.journal.append(publicationOf({ data: "x".repeat(100) }));
  await expect(site.journal.room()).rejects.toMatchObject({ code: "unavailable" });
  const once = site.journal.roomOnceUp();
  site.log.release();
  await Promise.all([once, waiting]);
  expect(site.journal.room()).toBeUndefined();
  expect(site.data).toEqual(["x".repeat(100)]);
});

it("tells who waits for the log when it closes", async () => {
  const site = await LoggedSite.open();
  site.log.isFull = true;
  const waiting = site.journal.append(publicationOf({ data: "1" }));
  await waitFor(() => site.journal.status.state === "full", { within: 20_000, missing: "the state full" });
  await site.journal.close();
  await expect(waiting).rejects.toMatchObject({ code: "closed" });
  await expect(site.journal.append(publicationOf({ data: "2" }))).rejects.toMatchObject({ code: "closed" });
});

it("starts with what it has on a full disk, and stores again when there is space", async () => {
  const before = await LoggedSite.open();
  const [id = ""] = await before.publish("1");
  const site = await LoggedSite.open({ store: before.store, isFull: true });
  expect([site.data, site.journal.history.locate(id).kind]).toEqual([["1"], "at"]);
  await expect(site.publish("2")).rejects.toMatchObject({ code: "unavailable" });
  site.log.isFull = false;
  await waitFor(() => site.journal.status.state === "up", { within: 20_000, missing: "the state up" });
  const [later = ""] = await site.publish("3");
  expect(later.split(":")[0]).not.toBe(id.split(":")[0]);
  await expect(LoggedSite.open({ isFull: true })).rejects.toMatchObject({ code: "unreachable" });
});

it("begins behind a log that has lost its snapshot, and tells a gap", async () => {
  const before = await LoggedSite.open();
  const ids = await Promise.all(["1", "2", "3", "4"].map((data) => before.publish(data)));
  const more = await before.publish("5");
  const last = await before.publish("6");
  before.log.trim(before.log.head - 2);
  const site = await LoggedSite.open({ store: before.store });
  expect(site.data).toEqual(["5", "6"]);
  await site.publish("7");
  const { history } = site.journal;
  expect(history.locate(ids[0]?.[0] ?? "").kind).toBe("lost");
  expect([more, last].map(([id = ""]) => history.locate(id).kind)).toEqual(["lost", "lost"]);
  const again = await LoggedSite.open({ store: site.store });
  expect(again.events).toEqual(site.events);
});

it("does not show what was evicted before a restart", async () => {
  const site = await LoggedSite.open();
  await site.publish("1");
  site.journal.evictAll(publicationOf({}).topics[0]);
  await site.publish("2");
  const after = await LoggedSite.open({ store: site.store });
  const [, second] = after.entries;
  expect(after.journal.history.newest(publicationOf({}).topics[0], newest)).toEqual([second]);
});

it("passes notes to their part, in order with the entries, at each hub and after a restart", async () => {
  const store = new MemoryLogStore();
  const open = async (): Promise<{ readonly site: LoggedSite; readonly seen: string[] }> => {
    const seen: string[] = [];
    const part = {
      name: "part",
      save: () => [],
      load: () => undefined,
      note: (value: unknown) => seen.push(String(value)),
    };
    const site = await LoggedSite.open({
      store,
      parts: [part],
      follower: ({ publication }) => seen.push(publication.data),
    });
    return { site, seen };
  };
  const { site, seen } = await open();
  const noted = [site.publish("1"), site.journal.note("part", "a"), site.journal.note("nobody", "b")];
  await Promise.all([...noted, site.publish("2"), site.journal.note("part", "c")]);
  expect(seen).toEqual(["1", "a", "2", "c"]);
  expect((await open()).seen).toEqual(seen);
});

it("refuses a note when it closes before the log has stored it", async () => {
  const site = await LoggedSite.open();
  site.log.isFull = true;
  const noted = site.journal.note("part", 1);
  await Promise.all([expect(noted).rejects.toMatchObject({ code: "closed" }), site.journal.close()]);
});

it("begins a restart at a snapshot, which holds what the log no longer has", async () => {
  const counted = new CountingPart();
  const site = await LoggedSite.open({ parts: [counted] });
  site.journal.follow({ apply: () => void (counted.count += 1) });
  const large = "x".repeat(1024 * 1024);
  for (let index = 0; index < 70; index += 1) await site.publish(large);
  await waitFor(() => site.store.snapshots.size > 0, { within: 20_000, missing: "a snapshot" });
  const [sequence = 0] = site.store.snapshots.keys();
  site.log.trim(sequence);
  const again = new CountingPart();
  const after = await LoggedSite.open({ store: site.store, parts: [again] });
  expect(again.count).toBe(counted.saved);
  expect(after.entries).toHaveLength(70 - counted.saved);
  expect(after.events).toEqual(site.events.slice(-after.entries.length || 70));
});

it("keeps every acknowledged publication once and in order, whatever fails", async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant("publish" as const), lines: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("lost" as const, "stored" as const) }) },
    { weight: 2, arbitrary: fc.constant({ kind: "turn" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const run = new Run(await LoggedSite.open());
      for (const each of steps) await run.step(each);
      const { site, published } = await run.ended();
      expect(site.data).toEqual(Array.from({ length: published }, (_, index) => String(index)));
      expect(run.restarts.map(({ after }) => after)).toEqual(run.restarts.map(({ before }) => before));
    }),
    { numRuns: 300 },
  );
});

type Step =
  | { readonly kind: "publish"; readonly lines: number }
  | { readonly kind: "lost" | "stored" | "turn" | "restart" };

type Events = LoggedSite["events"];

/** A hub that restarts, and what its followers saw before and after each restart. */
class Run {
  site: LoggedSite;
  published = 0;
  readonly restarts: { readonly before: Events; readonly after: Events }[] = [];
  #answers: Promise<readonly string[]>[] = [];

  constructor(site: LoggedSite) {
    this.site = site;
  }

  async step(step: Step): Promise<void> {
    if (step.kind === "publish") await this.#publish(step.lines);
    else if (step.kind === "turn") await turns();
    else if (step.kind === "restart") await this.#restart();
    else this.site.log.failNext(step.kind);
  }

  async ended(): Promise<this> {
    await this.#restart();
    return this;
  }

  async #publish(lines: number): Promise<void> {
    await this.site.journal.roomOnceUp();
    const data = Array.from({ length: lines }, () => String(this.published++));
    this.#answers.push(this.site.publish(...data));
  }

  async #restart(): Promise<void> {
    await Promise.all(this.#answers);
    const before = this.site.events;
    this.site = await LoggedSite.open({ store: this.site.store });
    this.restarts.push({ before, after: this.site.events });
  }
}

const newest = { count: 10, maxBytes: 1_000_000, rights: publicOnly };

/** Counts entries. */
class CountingPart implements SnapshotPart {
  readonly name = "count";
  count = 0;
  saved = 0;

  save(): readonly unknown[] {
    this.saved = this.count;
    return [{ count: this.count }];
  }

  load(item: unknown): void {
    if (typeof item === "object" && item !== null && "count" in item) this.count = Number(item.count);
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
