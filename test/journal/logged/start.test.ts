import { expect, it } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { encodeRecord } from "../../../src/journal/log/encode-record.js";
import type { SnapshotPart } from "../../../src/journal/snapshot-part.js";
import { waitFor } from "../../support/wait-for.js";
import type { MemoryLog, MemoryLogStore } from "../log/memory-log.js";
import { LoggedSite } from "./logged-site.js";

const within = 20_000;

/** A part with one item. It fails if it gets an item twice, as the counts of topics would. */
class Note implements SnapshotPart {
  readonly name = "note";
  text = "";

  save(): readonly unknown[] {
    return [{ text: this.text }];
  }

  load(item: unknown): void {
    if (this.text !== "") throw new Error("the item came twice");
    this.text = (item as { readonly text: string }).text;
  }
}

/** A store with two snapshots. The notes in them name their records. */
function storeWithSnapshots(store: MemoryLogStore): readonly [older: number, newer: number] {
  const chunk = (text: string): Buffer => Buffer.from(`${JSON.stringify(["note", { text }])}\n`);
  const [older, newer] = [store.head - 1, store.head];
  store.snapshots.set(older, [chunk(String(older)), Buffer.from("\n")]);
  store.snapshots.set(newer, [chunk(String(newer)), Buffer.from("\n")]);
  return [older, newer];
}

async function storeOf(...data: readonly string[]): Promise<MemoryLogStore> {
  const site = await LoggedSite.open();
  for (const text of data) await site.publish(text);
  await site.journal.close();
  return site.store;
}

/** The messages that a logger got. */
class Lines {
  readonly messages: string[] = [];
  readonly logger = { ...silentLogger, warn: this.#take(), error: this.#take() };

  #take(): (fields: unknown, message: string) => void {
    return (_fields, message) => void this.messages.push(message);
  }
}

// A time-out of the engine during the load counted as a damaged snapshot. The hub began with an older one, or with none.
it.each([1, 2, 3])("loads the newest snapshot, although the log does not respond %i times", async (times) => {
  const store = await storeOf("1", "2", "3");
  const [, newer] = storeWithSnapshots(store);
  const [note, lines] = [new Note(), new Lines()];
  const prepare = (log: MemoryLog): void => void (log.unansweredQuestions = times);
  await LoggedSite.open({ store, parts: [note], prepare, logger: lines.logger });
  expect(note.text).toBe(String(newer));
  expect(lines.messages).toEqual(["the journal does not respond; trying again"]);
});

it("loads an older snapshot if the newest one is damaged", async () => {
  const store = await storeOf("1", "2", "3");
  const [older, newer] = storeWithSnapshots(store);
  const note = new Note();
  const prepare = (log: MemoryLog): void => {
    const load = log.loadSnapshot.bind(log);
    log.loadSnapshot = (sequence) => load(sequence === newer ? 12_345 : sequence);
  };
  await LoggedSite.open({ store, parts: [note], prepare });
  expect(note.text).toBe(String(older));
});

it("ends a start that waits for its log", async () => {
  const store = await storeOf("1");
  storeWithSnapshots(store);
  const site = new LoggedSite({ store });
  site.log.unansweredQuestions = Infinity;
  await site.log.open();
  const opening = site.journal.open().catch((error: unknown) => error);
  await site.journal.close();
  expect(await opening).toMatchObject({ code: "closed" });
});

it("begins an empty log on an engine as soon as the engine stores records", async () => {
  const site = new LoggedSite({ isShared: true });
  await site.log.open();
  site.log.isFull = true;
  const opening = site.journal.open();
  await waitFor(() => site.log.state === "full", { within, missing: "the first failed write" });
  site.log.isFull = false;
  await opening;
  await site.publish("1");
  expect(site.data).toEqual(["1"]);
});

it("ends a start that waits until its engine stores the first record", async () => {
  const site = new LoggedSite({ isShared: true });
  await site.log.open();
  site.log.isFull = true;
  const opening = site.journal.open().catch((error: unknown) => error);
  await waitFor(() => site.log.state === "full", { within, missing: "the first failed write" });
  await site.journal.close();
  expect(await opening).toMatchObject({ code: "closed" });
});

const newer = Buffer.from(
  `${JSON.stringify({ format: 4, run: "a", n: 1, atMs: 1, version: "3.4.5" })}\nwhatever\n`,
);

it("does not start with a record of a newer version, and says which version wrote it", async () => {
  const store = await storeOf("1");
  const prepare = (log: MemoryLog): void => void log.putForeign(newer);
  const opening = LoggedSite.open({ store, prepare });
  await expect(opening).rejects.toMatchObject({ code: "newer-format" });
  await expect(opening).rejects.toThrow(/format 4, which Pharos 3\.4\.5 wrote.*formats up to 3/);
});

it("ends at a record of a newer version while it runs, and stores nothing more", async () => {
  const site = await LoggedSite.open();
  await site.publish("1");
  await site.log.putForeign(newer);
  expect(site.end).toMatchObject({ kind: "failed", error: { code: "newer-format" } });
  await expect(site.publish("2")).rejects.toMatchObject({ code: "unavailable" });
  await site.log.putForeign(encodeRecord({ run: "b", n: 1, atMs: 1 }, ['{"evict":"a"}\n']));
  expect(site.data).toEqual(["1"]);
});

it("tells its end once, also if its engine loses records after that", async () => {
  const site = await LoggedSite.open();
  await site.log.putForeign(newer);
  expect(site.end?.kind).toBe("failed");
  site.log.loseTail(0);
  expect(site.end?.kind).toBe("failed");
});
