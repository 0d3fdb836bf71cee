import { expect, it, onTestFinished, vi } from "vitest";
import type { ConnectionStart } from "../../../src/client/connection/beginning.js";
import type { FromTab, FromWorker } from "../../../src/client/shared/messages.js";
import { SharedFeed } from "../../../src/client/shared/shared-feed.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import { waitFor } from "../../support/wait-for.js";

/** A tab whose worker and whose own connection the test plays. */
class Bed {
  readonly said: FromTab[] = [];
  readonly feed: SharedFeed;
  /** What the own connection was asked to follow; it does so when it is told to. */
  readonly ownFollows: (() => void)[] = [];
  own: ConnectionStart | undefined;
  #tell: (said: FromWorker) => void = () => undefined;

  constructor(filters: readonly string[]) {
    this.feed = new SharedFeed(
      {
        port: {
          say: (said) => void this.said.push(said),
          hear: (tell) => (this.#tell = tell),
          close: () => undefined,
        },
        settings: {
          url: "http://localhost/",
          transport: "event-stream",
          headers: {},
          credentials: "same-origin",
        },
        tokens: new Tokens(undefined),
        lock: Promise.resolve(undefined),
        onClose: () => undefined,
        makeOwn: (from) => {
          this.own = from;
          let refuse: (error: Error) => void = () => undefined;
          return {
            follow: () =>
              new Promise((resolve, reject) => {
                this.ownFollows.push(resolve);
                refuse = reject;
              }),
            hurry: () => undefined,
            close: () => refuse(new Error("the connection is closed")),
          };
        },
        refusal: (_status, reason) => new Error(reason),
      },
      {
        filters,
        lastEventId: "",
        events: { state: () => undefined, arrival: () => undefined },
      },
    );
    onTestFinished(() => this.feed.close());
  }

  tell(said: FromWorker): void {
    this.#tell(said);
  }

  count(kind: FromTab["kind"]): number {
    return this.said.filter((said) => said.kind === kind).length;
  }

  async asked(kind: FromTab["kind"], times: number): Promise<void> {
    await waitFor(() => this.count(kind) === times, { within: 30_000, missing: `${kind}, ${times} times` });
  }
}

/** A tab that reads by itself, and may ask the worker with its next arrival. */
async function startApart(): Promise<Bed> {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const bed = new Bed(["a"]);
  await bed.asked("join", 1);
  bed.tell({ kind: "apart" });
  await vi.waitFor(() => expect(bed.own).toBeDefined());
  vi.setSystemTime(Date.now() + 2000);
  return bed;
}

it("filters that are added while the worker is asked to go on are followed by whoever reads on", async () => {
  const bed = await startApart();
  void bed.own?.events.arrival({ cursor: "#e:1" });
  await bed.asked("join", 2);
  const added = bed.feed.follow(["a", "b"]);
  bed.tell({ kind: "joined" });
  await bed.asked("follow", 1);
  expect(bed.said.at(-1)).toMatchObject({ filters: ["a", "b"] });
  expect(bed.ownFollows).toEqual([]);
  bed.tell({ kind: "followed", number: 1 });
  await expect(added).resolves.toBeUndefined();
});

it("a page that changes its own connection's filters does not ask the worker before that is done", async () => {
  const bed = await startApart();
  const added = bed.feed.follow(["a", "b"]);
  await vi.waitFor(() => expect(bed.ownFollows).toHaveLength(1));
  void bed.own?.events.arrival({ cursor: "#e:1" });
  bed.ownFollows[0]?.();
  await added;
  expect(bed.count("join")).toBe(1);
  void bed.own?.events.arrival({ cursor: "#e:2" });
  await bed.asked("join", 2);
});
