import { expect, it, onTestFinished, vi } from "vitest";
import type { ConnectionStart } from "../../../src/client/connection/connection-start.js";
import type { FromTab, FromWorker } from "../../../src/client/shared/messages.js";
import { SharedFeed } from "../../../src/client/shared/shared-feed.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import { waitFor } from "../../support/wait-for.js";

const within = 30_000;

/** A tab. The test takes the roles of the worker and of the tab's direct connection. */
class TestTab {
  readonly sent: FromTab[] = [];
  readonly feed: SharedFeed;
  /** The unconfirmed filter changes of the direct connection. Call an entry to confirm its change. */
  readonly directChanges: (() => void)[] = [];
  direct: ConnectionStart | undefined;
  #listener: (message: FromWorker) => void = () => undefined;

  constructor(filters: readonly string[]) {
    this.feed = new SharedFeed(
      {
        port: {
          send: (message) => void this.sent.push(message),
          listen: (listener) => (this.#listener = listener),
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
        makeDirectFeed: (from) => {
          this.direct = from;
          let refuse: (error: Error) => void = () => undefined;
          return {
            follow: () =>
              new Promise((resolve, reject) => {
                this.directChanges.push(resolve);
                refuse = reject;
              }),
            retry: () => undefined,
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

  /** Sends a message as the worker. */
  receive(message: FromWorker): void {
    this.#listener(message);
  }

  count(kind: FromTab["kind"]): number {
    return this.sent.filter((message) => message.kind === kind).length;
  }

  async hasSent(kind: FromTab["kind"], times: number): Promise<void> {
    await waitFor(() => this.count(kind) === times, { within, missing: `${kind}, ${times} times` });
  }
}

/** A detached tab. The tab may attach again when its next event arrives. */
async function startDetached(): Promise<TestTab> {
  vi.useFakeTimers({ toFake: ["Date"] });
  const tab = new TestTab(["a"]);
  await tab.hasSent("attach", 1);
  tab.receive({ kind: "detached" });
  await waitFor(() => tab.direct !== undefined, { within, missing: "the direct connection" });
  vi.setSystemTime(Date.now() + 2000);
  return tab;
}

it("filters that are added while a tab attaches again are followed by the connection that reads on", async () => {
  const tab = await startDetached();
  void tab.direct?.events.arrival({ cursor: "#e:1" });
  await tab.hasSent("attach", 2);
  const added = tab.feed.follow(["a", "b"]);
  tab.receive({ kind: "attached" });
  await tab.hasSent("follow", 1);
  expect(tab.sent.at(-1)).toMatchObject({ filters: ["a", "b"] });
  expect(tab.directChanges).toEqual([]);
  tab.receive({ kind: "followed", number: 1 });
  await expect(added).resolves.toBeUndefined();
});

it("a tab that changes the filters of its direct connection does not attach again before that is done", async () => {
  const tab = await startDetached();
  const added = tab.feed.follow(["a", "b"]);
  await waitFor(() => tab.directChanges.length === 1, { within, missing: "the change of the filters" });
  void tab.direct?.events.arrival({ cursor: "#e:1" });
  tab.directChanges[0]?.();
  await added;
  expect(tab.count("attach")).toBe(1);
  void tab.direct?.events.arrival({ cursor: "#e:2" });
  await tab.hasSent("attach", 2);
});
