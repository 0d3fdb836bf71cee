import { expect, it } from "vitest";
import { systemClock } from "../../src/app/system-clock.js";
import { silentMetrics } from "../../src/base/metrics.js";
import type { Publication } from "../../src/hub/publications/publication.js";
import { parseSubscription } from "../../src/presence/documents.js";
import { soleNode } from "../../src/presence/presence-nodes.js";
import { Presence } from "../../src/presence/presence.js";
import { MemoryLogStore } from "../journal/log/memory-log.js";
import { LoggedSite } from "../journal/logged/logged-site.js";
import { waitFor } from "../support/wait-for.js";
import { nodeNamed } from "./subscriber-names.js";
import { subscriberNamed } from "./watchers.js";

/** A run of a hub that alone uses its journal. */
class Run {
  readonly presence: Presence;
  site: LoggedSite | undefined;

  private constructor(number: number) {
    const journal = {
      append: (publication: Publication) => this.#journal.append(publication),
      note: (part: string, value: unknown) => this.#journal.note(part, value),
      evictAll: () => expect.fail("there is no gap"),
    };
    const nodes = soleNode(nodeNamed(number));
    const parts = { journal, nodes, clock: systemClock, metrics: silentMetrics };
    this.presence = new Presence({ ...parts, limits: { subscriptionDeliveries: 1000 } });
  }

  static async start(store: MemoryLogStore, number: number): Promise<Run> {
    const run = new Run(number);
    const { presence } = run;
    run.site = await LoggedSite.open({
      store,
      parts: [presence],
      follower: (entry) => presence.apply(entry),
    });
    return run;
  }

  enter(topic: string): void {
    this.presence.enter({
      ...subscriberNamed("", topic),
      id: this.presence.createSubscriberId(),
    });
  }

  get listed(): readonly string[] {
    return [...this.presence.active.all()].map(({ document }) => document.match);
  }

  async lists(...topics: readonly string[]): Promise<void> {
    const missing = (): string => `the list is ${this.listed.join()}, not ${topics.join()}`;
    await waitFor(() => this.listed.join() === topics.join(), { within: 20_000, missing });
  }

  get #journal(): LoggedSite["journal"] {
    if (this.site === undefined) throw new Error("the journal is not open yet");
    return this.site.journal;
  }
}

it("tells the ends of the run before, and no gap", async () => {
  const store = new MemoryLogStore();
  const first = await Run.start(store, 1);
  first.presence.begin();
  first.enter("a");
  first.enter("b");
  await first.lists("a", "b");
  first.presence.close();

  const second = await Run.start(store, 2);
  expect(second.listed).toEqual(["a", "b"]);
  second.presence.begin();
  second.enter("c");
  await second.lists("c");
  const told = second.site?.data.map((data) => parseSubscription(data));
  expect(told?.map(({ match, active }) => `${active ? "+" : "-"}${match}`)).toEqual([
    "+a",
    "+b",
    "+c",
    "-a",
    "-b",
  ]);
});
