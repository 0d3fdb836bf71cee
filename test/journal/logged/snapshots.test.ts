import { expect, test } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { silentLogger } from "../../../src/base/log.js";
import { Snapshots } from "../../../src/journal/logged/snapshots.js";
import { StartAttempts } from "../../../src/journal/logged/starting/start-attempts.js";

const common = {
  clock: systemClock,
  logger: silentLogger,
  attempts: new StartAttempts({ clock: systemClock, logger: silentLogger }),
};

interface Stored {
  /** The memory of all entries before the snapshot; undefined for a snapshot that does not say it. */
  readonly filled: number | undefined;
  /** The bytes of log after it. */
  readonly bytesAfter: number;
}

function logOf(stored: readonly Stored[]) {
  const removed: number[] = [];
  return {
    removed,
    first: 1,
    snapshots: async () => stored.map((_, index) => index + 1),
    bytesAfter: (sequence: number) => stored[sequence - 1]?.bytesAfter ?? Infinity,
    saveSnapshot: async () => undefined,
    removeSnapshot: async (sequence: number) => void removed.push(sequence),
    async *loadSnapshot(sequence: number) {
      const filled = stored[sequence - 1]?.filled;
      if (filled !== undefined) yield Buffer.from(`["filled",{"bytes":${filled}}]\n`);
      yield Buffer.from(`["other",{"of":${sequence}}]\n`);
    },
  };
}

test.each([
  {
    what: "the newest one behind which the entries fill the memory",
    stored: [
      { filled: 0, bytesAfter: 800 },
      { filled: 900, bytesAfter: 500 },
      { filled: 1900, bytesAfter: 200 },
      { filled: 2500, bytesAfter: 100 },
    ],
    loaded: 2,
  },
  {
    what: "the newest one behind which the log is as large as the memory",
    stored: [
      { filled: 0, bytesAfter: 3000 },
      { filled: 10, bytesAfter: 1000 },
      { filled: 20, bytesAfter: 900 },
    ],
    loaded: 2,
  },
  {
    what: "the oldest one, if none is enough",
    stored: [
      { filled: 100, bytesAfter: 300 },
      { filled: 300, bytesAfter: 100 },
    ],
    loaded: 1,
  },
  {
    what: "by the log, if the snapshots do not say how much memory",
    stored: [
      { filled: undefined, bytesAfter: 1500 },
      { filled: undefined, bytesAfter: 900 },
    ],
    loaded: 1,
  },
])("a start loads $what", async ({ stored, loaded }) => {
  const items: unknown[] = [];
  const snapshots = new Snapshots({
    log: logOf(stored),
    ...common,
    replayBytes: 1000,
  });
  snapshots.add({ name: "other", save: () => [], load: (item) => void items.push(item) });
  expect(await snapshots.load()).toBe(loaded);
  expect(items).toEqual([{ of: loaded }]);
  expect(snapshots.filled.bytes).toBe(stored[loaded - 1]?.filled ?? 0);
});

const MiB = 1024 * 1024;

test("a start fills 64 MiB, although memory holds more", async () => {
  const log = logOf([
    { filled: 0, bytesAfter: 80 * MiB },
    { filled: 70 * MiB, bytesAfter: 50 * MiB },
    { filled: 140 * MiB, bytesAfter: 20 * MiB },
    { filled: 210 * MiB, bytesAfter: 0 },
  ]);
  const snapshots = new Snapshots({ log, ...common, replayBytes: 256 * MiB });
  expect(await snapshots.load()).toBe(3);
});

test.each([
  { what: "the log has grown by 64 MiB", log: 64, filled: 0, isSaved: true },
  { what: "the memory of its entries has grown by 64 MiB", log: 24, filled: 64, isSaved: true },
  { what: "neither has grown by 64 MiB", log: 63, filled: 63, isSaved: false },
])("a hub saves a snapshot, if $what: $isSaved", async ({ log, filled, isSaved }) => {
  let saved = 0;
  const growing = {
    ...logOf([{ filled: 10 * MiB, bytesAfter: log * MiB }]),
    saveSnapshot: async () => void (saved += 1),
  };
  const snapshots = new Snapshots({ log: growing, ...common, replayBytes: 1000 });
  await snapshots.load();
  snapshots.filled.add(filled * MiB);
  snapshots.saveIfDue(2, 0);
  await snapshots.settled();
  expect(saved).toBe(isSaved ? 1 : 0);
});

test("after a large snapshot, a hub saves the next one when the log has grown by its size", async () => {
  let bytesAfter = 0;
  let saved = 0;
  const growing = {
    ...logOf([]),
    bytesAfter: () => bytesAfter,
    saveSnapshot: async (_: number, chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) expect(chunk.length).toBeGreaterThan(0);
      saved += 1;
    },
  };
  const snapshots = new Snapshots({ log: growing, ...common, replayBytes: 1000 });
  snapshots.add({ name: "large", save: () => ["x".repeat(MiB)], load: () => undefined });
  for (const [log, expected] of [
    [0.1, 1],
    [0.9, 1],
    [1.1, 2],
  ] as const) {
    bytesAfter = log * MiB;
    snapshots.filled.add(64 * MiB);
    snapshots.saveIfDue(1, 0);
    await snapshots.settled();
    expect(saved).toBe(expected);
  }
});

test("a hub keeps the snapshot that a start would load, and all newer ones", async () => {
  const log = logOf([
    { filled: 0, bytesAfter: 800 },
    { filled: 900, bytesAfter: 500 },
    { filled: 1900, bytesAfter: 200 },
    { filled: 2500, bytesAfter: 100 },
  ]);
  const snapshots = new Snapshots({ log, ...common, replayBytes: 1000 });
  await snapshots.load();
  snapshots.filled.add(2000);
  snapshots.removeUnneeded();
  await snapshots.settled();
  expect(log.removed).toEqual([1, 2]);
});

// Before, a start took a snapshot whose first line it could not read in time for one that says nothing of its memory. It
// then loaded an older snapshot than it had to.
test("a start asks again for the memory of a snapshot, if the engine does not respond in time", async () => {
  const log = logOf([
    { filled: 0, bytesAfter: 800 },
    { filled: 900, bytesAfter: 500 },
    { filled: 1900, bytesAfter: 200 },
    { filled: 2500, bytesAfter: 100 },
  ]);
  const asked: number[] = [];
  const unanswered = new Set([2, 4]);
  const clock = { ...systemClock, after: (_: number, action: () => void) => systemClock.after(0, action) };
  const slow = {
    ...log,
    async *loadSnapshot(sequence: number) {
      asked.push(sequence);
      if (unanswered.delete(sequence)) throw new Error("the engine does not respond");
      yield* log.loadSnapshot(sequence);
    },
  };
  const attempts = new StartAttempts({ clock, logger: silentLogger });
  const snapshots = new Snapshots({ log: slow, ...common, attempts, replayBytes: 1000 });
  expect(await snapshots.load()).toBe(2);
  expect(asked).toEqual([1, 2, 2, 3, 4, 4, 2]);
});

test("a damaged first line does not end the start: another snapshot is loaded", async () => {
  const log = logOf([
    { filled: 0, bytesAfter: 1500 },
    { filled: 1200, bytesAfter: 300 },
  ]);
  const damaged = {
    ...log,
    async *loadSnapshot(sequence: number) {
      if (sequence === 2) yield Buffer.from("no JSON\n");
      else yield* log.loadSnapshot(sequence);
    },
  };
  const snapshots = new Snapshots({ log: damaged, ...common, replayBytes: 1000 });
  expect(await snapshots.load()).toBe(1);
});
