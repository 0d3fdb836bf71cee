import { expect, it } from "vitest";
import { filterSetOf } from "../../src/hub/filters/filter-set.js";
import type { Entry } from "../../src/hub/publications/entry.js";
import type {
  HistoryRange,
  LossReport,
  OlderEntries,
  PendingEntries,
} from "../../src/hub/publications/history.js";
import type { JournalFollower } from "../../src/journal/journal.js";
import { MemoryHistory } from "../../src/journal/memory/memory-history.js";
import { World, at } from "./fanout-world.js";

/** A history whose memory is the newer part of an archive. The archive answers when the test calls `answer`. */
class ArchivedHistory extends MemoryHistory {
  readonly #archive: Entry[] = [];
  #asked: (() => void)[] = [];
  /** Requests so far. */
  requests = 0;

  override follow(follower: JournalFollower): void {
    super.follow({ apply: (entry) => void this.#archive.push(entry) });
    super.follow(follower);
  }

  override losses(_range: HistoryRange, lossMark: number): LossReport {
    return { topics: [], more: false, asOf: lossMark, isComplete: true };
  }

  older({ filters, after, upTo }: HistoryRange, maxBytes: number): PendingEntries | undefined {
    const set = filterSetOf(filters);
    const inRange = this.#archive.filter(
      ({ offset, publication }) =>
        offset > after && offset <= upTo && publication.topics.some((topic) => set.matches(topic)),
    );
    const evicted = inRange.findLast(({ holders }) => holders === 0);
    if (evicted === undefined) return undefined;
    const older = inRange.filter(({ offset }) => offset <= evicted.offset);
    const page = older.slice(0, Math.max(1, Math.floor(maxBytes / 100)));
    return (take) => this.#ask(take, { entries: page, upTo: page.at(-1)?.offset ?? evicted.offset });
  }

  /** The archive answers all requests. */
  answer(): void {
    for (const action of this.#asked.splice(0)) action();
  }

  #ask(take: (older: OlderEntries) => void, older: OlderEntries): () => void {
    this.requests += 1;
    const action = (): void => take(older);
    this.#asked.push(action);
    return () => {
      this.#asked = this.#asked.filter((each) => each !== action);
    };
  }
}

function archived(worker: boolean): { readonly world: World; readonly history: ArchivedHistory } {
  const histories: ArchivedHistory[] = [];
  const world = new World({
    worker,
    history: { topicEvents: 2 },
    limits: { roundBytes: 400 },
    createHistory: (options) => {
      const history = new ArchivedHistory(options);
      histories.push(history);
      return history;
    },
  });
  const [history] = histories;
  if (history === undefined) throw new Error("the world has created its history");
  return { world, history };
}

/** Runs some turns, until everything that is under way has arrived. */
function settle(world: World, history: ArchivedHistory): void {
  for (let turn = 0; turn < 20; turn += 1) {
    world.carry();
    world.turn();
    history.answer();
  }
}

it.each([false, true])("reads entries older than memory when they come, in a worker: %s", (worker) => {
  const { world, history } = archived(worker);
  for (let index = 0; index < 10; index += 1) world.publish("news");
  const client = world.open({ lastEventId: at(0) });
  settle(world, history);
  world.publish("news");
  settle(world, history);
  expect(client.offsets).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(client.gaps).toEqual([]);
  // The history has evicted eight entries, and four entries fit into a page.
  expect(history.requests).toBe(2);
  world.close();
});

it("forgets the request of a client that disconnects", () => {
  const { world, history } = archived(false);
  for (let index = 0; index < 10; index += 1) world.publish("news");
  const client = world.open({ lastEventId: at(0) });
  for (let turn = 0; turn < 5; turn += 1) world.turn();
  expect(history.requests).toBe(1);
  world.leave(client);
  settle(world, history);
  expect(client.offsets).toEqual([]);
  world.close();
});
