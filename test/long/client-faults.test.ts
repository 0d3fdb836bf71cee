import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { brokenSites, type BrokenSite } from "../support/broken-site.js";
import { startChromium } from "../support/chromium.js";
import {
  follow,
  type Follower,
  publishLast,
  publishNumbers,
  tally,
  transports,
} from "../support/follower.js";
import { printFigures } from "../support/load/figures.js";
import { waitFor } from "../support/wait-for.js";

const faultMs = 30_000;
const count = 10_000;

/** A fault that lasts while the publisher sends some of the events. */
interface Fault {
  readonly name: string;
  readonly fronts: readonly string[];
  /** False if the fault makes the hub lose its history, so that the hub must report a gap. */
  readonly keepsAll: boolean;
  readonly make: (site: BrokenSite, followers: readonly Follower[]) => Promise<void>;
}

const both = brokenSites.map(({ front }) => front);

async function freeze(followers: readonly Follower[], state: "frozen" | "active"): Promise<void> {
  for (const { page } of followers) {
    const devTools = await page.context().newCDPSession(page);
    await devTools.send("Page.setWebLifecycleState", { state });
  }
}

const faults: readonly Fault[] = [
  {
    name: "hub killed, down for 3 s",
    fronts: both,
    keepsAll: false,
    make: (site) => site.restartHub({ downMs: 3000 }),
  },
  {
    name: "Mongrel2 killed and started again",
    fronts: ["Mongrel2"],
    keepsAll: true,
    make: (site) => site.restartServer(),
  },
  {
    name: "network cut for 30 s",
    fronts: both,
    keepsAll: true,
    make: async ({ network }) => {
      const { port } = network;
      await network.shut();
      await delay(faultMs);
      await network.listen(port);
    },
  },
  {
    name: "network silent for 30 s",
    fronts: both,
    keepsAll: true,
    make: async ({ network }) => {
      network.darken();
      await delay(faultMs);
      network.resume();
    },
  },
  {
    name: "page frozen for 30 s",
    fronts: both,
    keepsAll: true,
    make: async (_site, followers) => {
      await freeze(followers, "frozen");
      await delay(faultMs);
      await freeze(followers, "active");
    },
  },
];

const cases = brokenSites.flatMap(({ front, start }) =>
  faults
    .filter(({ fronts }) => fronts.includes(front))
    .map(({ name, keepsAll, make }) => ({ front, start, name, keepsAll, make })),
);

/** A row of the table in docs/benchmarks/client-faults.md. */
function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

const tabs = 10;

const sharings = brokenSites.flatMap(({ front, start }) =>
  transports.map((transport) => ({ front, start, transport })),
);

describe("the library in Chromium", () => {
  it.each(cases)(
    `gets ${count} events, or is told of a gap: $name, at $front`,
    async ({ front, start, name, keepsAll, make }) => {
      const site = await start();
      const browser = await startChromium();
      const followers: Follower[] = [];
      for (const transport of transports)
        followers.push(await follow(browser, site, { filters: ["n"], transport }));
      await publishNumbers(site, [0, 3000]);
      const fault = { isOver: false };
      const making = make(site, followers).then(() => (fault.isOver = true));
      let next = 3000;
      // Publishes about 150 events per second while the fault lasts.
      for (; next < 8000 && !fault.isOver; next += 50) {
        await publishNumbers(site, [next, next + 50]);
        await delay(300);
      }
      await making;
      await publishNumbers(site, [next, count]);
      for (const follower of followers) await publishLast(site, follower);
      const tallies = await Promise.all(
        followers.map(async (follower) => tally(await follower.until("last"), count)),
      );
      printFigures(
        `${name}, ${front}`,
        tallies.map(({ events, gaps, told, lost, doubled }, n) =>
          row([name, front, transports[n] ?? "", events, gaps, told, lost, doubled]),
        ),
      );
      for (const { lost, doubled, told } of tallies)
        expect({ lost, doubled, isToldOnlyWhereDue: told === 0 || !keepsAll }).toEqual({
          lost: 0,
          doubled: 0,
          isToldOnlyWhereDue: true,
        });
    },
  );

  it.each(sharings)(
    `${tabs} tabs share one $transport at $front, and miss none of ${count} events when the first is closed`,
    async ({ front, transport, start }) => {
      const site = await start();
      const browser = await startChromium();
      const followers: Follower[] = [];
      for (let tab = 0; tab < tabs; tab += 1)
        followers.push(await follow(browser, site, { filters: ["n"], transport, shared: true }));
      let streams = 0;
      // A new tab replaces the stream with a stream that includes the new tab's filters, so briefly there are two
      // streams.
      await waitFor(async () => (streams = await site.streams()) === 1, {
        within: faultMs,
        missing: () => `one stream; there are ${streams}`,
      });
      const [first, ...others] = followers;
      await publishNumbers(site, [0, 5000]);
      await first?.page.close();
      await publishNumbers(site, [5000, count]);
      await site.publish("n", "last");
      const tallies = await Promise.all(others.map(async (tab) => tally(await tab.until("last"), count)));
      const sum = (key: "events" | "gaps" | "told" | "lost" | "doubled"): number =>
        tallies.reduce((sum, tally) => sum + tally[key], 0);
      const name = `first of ${tabs} tabs closed (sum of the others)`;
      const figures = [sum("events"), sum("gaps"), sum("told"), sum("lost"), sum("doubled")];
      printFigures(`${name}, ${front}`, [row([name, front, transport, ...figures])]);
      for (const tally of tallies)
        expect(tally).toEqual({ events: count, gaps: 0, told: 0, lost: 0, doubled: 0 });
    },
  );
});
