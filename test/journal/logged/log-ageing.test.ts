import { expect, test } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import type { Clock, Timer } from "../../../src/base/clock.js";
import { parseMqttFilter } from "../../../src/hub/filters/filter.js";
import type { Entry } from "../../../src/hub/publications/entry.js";
import type { OlderEntries } from "../../../src/hub/publications/history.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import type { SnapshotPart } from "../../../src/journal/snapshot-part.js";
import { waitFor } from "../../support/wait-for.js";
import { LoggedSite } from "./logged-site.js";

const ageSeconds = 1000;

const within = 20_000;

/** The clock of the machine, whose wall-clock time a test moves forward. Actions with a period run at each move. */
class MovedClock implements Clock {
  readonly #actions = new Set<() => void>();
  #movedMs = 0;

  now(): number {
    return systemClock.now() + this.#movedMs;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(delayMs: number, action: () => void): Timer {
    return systemClock.after(delayMs, action);
  }

  every(_periodMs: number, action: () => void): Timer {
    this.#actions.add(action);
    return { cancel: () => void this.#actions.delete(action) };
  }

  endOfTurn(action: () => void): void {
    systemClock.endOfTurn(action);
  }

  /** The number of actions with a period. */
  get periods(): number {
    return this.#actions.size;
  }

  move(seconds: number): void {
    this.#movedMs += seconds * 1000;
    for (const action of this.#actions) action();
  }
}

/** The texts that a reader from the start gets, from memory or from the log. */
async function served({ journal: { history } }: LoggedSite): Promise<readonly string[]> {
  const entries: Entry[] = [];
  let after = 0;
  while (after < history.head) {
    const range = { filters: [parseMqttFilter("#")], rights: publicOnly, after, upTo: history.head };
    history.losses(range, 0);
    const pending = history.older(range, 1_000_000);
    if (pending === undefined) {
      after = history.read(range, (entry) => entries.push(entry) > 0);
      continue;
    }
    const older = await new Promise<OlderEntries>((take) => void pending(take));
    entries.push(...older.entries);
    after = older.upTo;
  }
  return entries.map(({ publication }) => publication.data);
}

const littleMemory = { topicEvents: 1, ageSeconds };

/** A start reads the whole log. */
const replayBytes = 1024 ** 3;

function storedTexts({ store }: LoggedSite): string {
  return store.records.map(({ payload }) => payload.toString()).join("");
}

test("a hub without traffic serves no publication above the age, and the log gives its space back", async () => {
  const clock = new MovedClock();
  const site = await LoggedSite.open({ clock, limits: { ageSeconds }, history: littleMemory, replayBytes });
  await site.publish("first");
  await site.publish("second");
  expect(await served(site)).toEqual(["first", "second"]);
  clock.move(260);
  await waitFor(() => site.store.snapshots.size === 1, {
    within,
    missing: "a snapshot after a fifth of the age",
  });
  await site.publish("third");
  clock.move(700);
  await waitFor(() => site.store.snapshots.size === 2, { within, missing: "a snapshot behind the third" });
  expect(await served(site)).toEqual(["first", "second", "third"]);
  clock.move(60);
  expect(await served(site)).toEqual(["third"]);
  await waitFor(() => !storedTexts(site).includes("second"), {
    within,
    missing: "the removal of the second",
  });
  clock.move(720);
  expect(await served(site)).toEqual([]);
  await waitFor(() => site.store.records.length === 0 && site.store.snapshots.size === 1, {
    within,
    missing: "the removal of old records",
  });
  await site.publish("fourth");
  expect(await served(site)).toEqual(["fourth"]);
});

test("a start serves nothing above the age, and keeps what has no age", async () => {
  const clock = new MovedClock();
  const counts: SnapshotPart = {
    name: "kept",
    save: () => [{ is: "kept" }],
    load: (item) => void loaded.push(item),
  };
  const loaded: unknown[] = [];
  const options = { clock, limits: { ageSeconds }, history: littleMemory, replayBytes, parts: [counts] };
  const site = await LoggedSite.open(options);
  await site.publish("first");
  await site.publish("second");
  clock.move(300);
  await waitFor(() => site.store.snapshots.size === 1, { within, missing: "a snapshot" });
  await site.publish("third");
  await site.publish("fourth");
  await site.journal.close();
  clock.move(800);
  const again = await LoggedSite.open({ ...options, store: site.store });
  expect(loaded).toEqual([{ is: "kept" }]);
  expect(await served(again)).toEqual(["third", "fourth"]);
  await waitFor(() => !storedTexts(again).includes("first"), {
    within,
    missing: "the removal of old records",
  });
  expect(storedTexts(again)).toContain("third");
});

test("a closed hub looks for old records no more", async () => {
  const clock = new MovedClock();
  const site = await LoggedSite.open({ clock, limits: { ageSeconds } });
  expect(clock.periods).toBeGreaterThan(0);
  await site.journal.close();
  expect(clock.periods).toBe(0);
});

test("a journal that is closed at the end of its start has no timers, and does not open", async () => {
  const clock = new MovedClock();
  const site = new LoggedSite({ clock, isShared: true });
  let closing: Promise<void> | undefined;
  site.log.expire = () => {
    closing = site.journal.close();
    return Promise.resolve();
  };
  await expect(site.open()).rejects.toMatchObject({ code: "closed" });
  await closing;
  expect(clock.periods).toBe(0);
});

test("a snapshot waits until the record is applied", async () => {
  const clock = new MovedClock();
  let seen: readonly string[] = [];
  const part: SnapshotPart = {
    name: "seen",
    save: () => [(seen = [...site.data])],
    load: () => undefined,
  };
  const site = await LoggedSite.open({ clock, limits: { ageSeconds }, parts: [part] });
  await site.publish("first");
  site.journal.follow({ apply: (entry) => void (entry.publication.data === "a" && clock.move(300)) });
  await site.publish("a", "b");
  const isSaved = (): boolean => {
    clock.move(0);
    return site.store.snapshots.size === 1;
  };
  await waitFor(isSaved, { within, missing: "a snapshot" });
  expect(seen).toEqual(["first", "a", "b"]);
});
