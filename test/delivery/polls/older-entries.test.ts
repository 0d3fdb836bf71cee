import { expect, it } from "vitest";
import type { HistoryRange, PendingEntries } from "../../../src/hub/publications/history.js";
import { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import type { MemoryHistoryOptions } from "../../../src/journal/memory/memory-history.js";
import { at } from "../fanout-world.js";
import { PollWorld } from "./poll-world.js";
import type { Poll } from "./poll-world.js";

async function asked(world: PollWorld, asking: Parameters<PollWorld["ask"]>[0]): Promise<Poll> {
  const poll = world.ask(asking);
  await world.turn();
  return poll;
}

/** A history whose older entries never arrive. */
class SilentArchive extends MemoryHistory {
  requests = 0;

  older(): PendingEntries {
    return () => {
      this.requests += 1;
      return () => void (this.requests -= 1);
    };
  }
}

/** A history whose older entries arrive when the test sends them. */
class SentHistory extends MemoryHistory {
  send: (() => void) | undefined;
  #wasAsked = false;

  older({ upTo }: HistoryRange): PendingEntries | undefined {
    if (this.#wasAsked) return undefined;
    this.#wasAsked = true;
    return (take) => {
      this.send = () => take({ entries: [], upTo });
      return () => undefined;
    };
  }
}

it("a poll gets what is published while it waits for older entries, of which there are none", async () => {
  // Bug: the poll waited for the next event as if it had everything, and never got the events of the meantime.
  let history: SentHistory | undefined;
  const createHistory = (options: MemoryHistoryOptions): MemoryHistory =>
    (history = new SentHistory(options));
  const world = new PollWorld({ createHistory });
  world.publish("b", "other");
  const poll = world.ask({ cursor: world.journal.history.idAt(0) });
  // Another poll makes the cohort follow the publications.
  world.ask({ cursor: world.journal.history.idAt(1) });
  await world.turn();
  world.publish("a", "meanwhile");
  await world.turn();
  history?.send?.();
  await world.turn();
  await world.turn();
  expect(poll.data).toEqual(["meanwhile"]);
});

it("a poll whose client leaves while older entries are being read cancels the read", async () => {
  const archives: SilentArchive[] = [];
  const world = new PollWorld({
    createHistory: (options) => {
      const archive = new SilentArchive(options);
      archives.push(archive);
      return archive;
    },
  });
  const controller = new AbortController();
  const poll = await asked(world, { cursor: at(0), signal: controller.signal });
  expect([archives[0]?.requests, world.polls.size]).toEqual([1, 1]);
  controller.abort();
  await world.turn();
  expect([archives[0]?.requests, world.polls.size, world.hub.cohortCount]).toEqual([0, 0, 0]);
  expect(poll.data).toEqual([]);
});

/** A world whose older entries never arrive, and a poll that waits for them. */
async function pollOfArchive(): Promise<{
  world: PollWorld;
  poll: Poll;
  archive: () => SilentArchive | undefined;
}> {
  let archive: SilentArchive | undefined;
  const world = new PollWorld({ createHistory: (options) => (archive = new SilentArchive(options)) });
  const poll = await asked(world, { cursor: at(0) });
  return { world, poll, archive: () => archive };
}

it("a poll that waits for older entries is answered when the hub stops", async () => {
  const { world, poll, archive } = await pollOfArchive();
  world.polls.close();
  await world.turn();
  expect(poll.data).toEqual([]);
  expect([archive()?.requests, world.polls.size, world.hub.cohortCount, world.clock.timers]).toEqual([
    0, 0, 0, 0,
  ]);
});

it("a poll that waits for older entries is answered in the end, and the next one asks again", async () => {
  const { world, poll, archive } = await pollOfArchive();
  await world.advance(25_000);
  expect(poll.data).toEqual([]);
  expect([archive()?.requests, world.polls.size, world.clock.timers]).toEqual([0, 0, 0]);
  await asked(world, { cursor: poll.answer?.position });
  expect(archive()?.requests).toBe(1);
});

it("a poll whose client had gone before does not ask for older entries", async () => {
  let archive: SilentArchive | undefined;
  const world = new PollWorld({ createHistory: (options) => (archive = new SilentArchive(options)) });
  await asked(world, { cursor: at(0), signal: AbortSignal.abort() });
  expect([archive?.requests, world.polls.size, world.hub.cohortCount, world.clock.timers]).toEqual([
    0, 0, 0, 0,
  ]);
});
