import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type BrokenSite, brokenSites } from "../support/broken-site.js";
import { startChromium } from "../support/chromium.js";
import {
  follow,
  type Follower,
  publishLast,
  publishNumbers,
  tally,
  transports,
} from "../support/follower.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

const env = {
  PHAROS_RETRY: "500",
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
};

const nothingWrong = { gaps: 0, told: 0, lost: 0, doubled: 0 };

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => String(from + n));

/**
 * A short version of test/long/client-faults.test.ts. The long test has 10,000 events and faults of 30 s, which is too
 * slow here.
 */
describe.each(brokenSites)("the library in Chromium, at $front", ({ start }) => {
  let started: BrokenSite | undefined;
  const site = (): BrokenSite => {
    if (started === undefined) throw new Error("the site is not started");
    return started;
  };
  const ends: (() => void | Promise<void>)[] = [];
  beforeAll(async () => {
    started = await start({ env, onEnd: (end) => void ends.unshift(end) });
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  // This test runs first: after a page is closed, its poll counts as a stream until the poll times out.
  it("has one connection for all tabs, and the others miss nothing when the first is closed", async () => {
    const browser = await startChromium();
    const tabs: Follower[] = [];
    for (let n = 0; n < 4; n += 1)
      tabs.push(await follow(browser, site(), { filters: ["tabs", `tab/${n}`], shared: true }));
    await untilOneStream(site());
    await site().publish("tab/2", "own");
    await publishNumbers(site(), [0, 500], { topic: "tabs" });
    await tabs[0]?.page.close();
    await publishNumbers(site(), [500, 1000], { topic: "tabs" });
    for (const [n, tab] of tabs.slice(1).entries())
      expect(await tab.until("999")).toEqual([...(n === 1 ? ["own"] : []), ...numbers(0, 1000)]);
    await untilOneStream(site());
  });

  // Bug: when a tab joined, a tab that had only retained values got them again.
  it("gives each retained value once to each tab, with tabs that join one after another", async () => {
    const browser = await startChromium();
    const values = ["0", "1", "2"].map((n) => `value ${n}`);
    for (const [n, value] of values.entries()) await site().publish(`kept/${n}`, value, '{"retain":true}');
    const tabs: Follower[] = [];
    for (let n = 0; n < 3; n += 1) {
      const tab = await follow(browser, site(), { filters: ["kept/+"], shared: true });
      for (const value of values) await tab.until(`${value} retained`);
      tabs.push(tab);
    }
    await site().publish("kept/end", "end");
    for (const tab of tabs) {
      const got = await tab.until("end");
      expect(got.toSorted()).toEqual(["end", ...values.map((value) => `${value} retained`)]);
      const states = (await tab.page.evaluate(() => globalThis.followed?.states)) ?? [];
      expect(states.filter((kind) => kind === "open")).toEqual(["open"]);
    }
    for (const tab of tabs) await tab.page.close();
  });

  it.each(transports)(
    "by %s gets retained values first, then all events in order, and changes its filters",
    async (transport) => {
      const [kept, added] = [`${transport}/kept`, `${transport}/added`];
      for (const topic of [kept, added]) await site().publish(topic, `state of ${topic}`, '{"retain":true}');
      const tab = await follow(await startChromium(), site(), { filters: [kept], transport });
      await tab.until(`state of ${kept} retained`);
      await publishNumbers(site(), [0, 200], { topic: kept });
      await tab.page.evaluate((added) => globalThis.followed?.live.add(added), added);
      await tab.until(`state of ${added} retained`);
      await site().publish(added, "of what was added");
      await publishNumbers(site(), [200, 400], { topic: kept });
      await tab.until("399");
      await tab.page.evaluate((added) => globalThis.followed?.live.drop(added), added);
      await site().publish(added, "of what was dropped");
      await site().publish(kept, "end");
      const own = (data: string): boolean => !/added/.test(data);
      expect((await tab.until("end")).filter(own)).toEqual([
        `state of ${kept} retained`,
        ...numbers(0, 400),
        "end",
      ]);
      expect(await tab.got()).toContain("of what was added");
    },
  );

  it("renews its tokens during streams, over every transport, and loses no event", async () => {
    const browser = await startChromium();
    const issued = new Map<string, number>();
    const followers: Follower[] = [];
    for (const transport of transports) {
      const bringToken = (): Promise<string> => {
        issued.set(transport, (issued.get(transport) ?? 0) + 1);
        return currentToken({ subscribe: ["*"], lifetimeSeconds: 3 });
      };
      followers.push(await follow(browser, site(), { filters: ["private"], transport, bringToken }));
    }
    let sent = 0;
    await waitFor(
      async () => {
        await site().publish("private", String(sent), '{"private":true}');
        sent += 1;
        return transports.every((transport) => (issued.get(transport) ?? 0) >= 3);
      },
      {
        within,
        everyMs: 20,
        missing: () => `the third token of each; there are ${JSON.stringify([...issued])}`,
      },
    );
    for (const follower of followers)
      expect(tally(await follower.until(String(sent - 1)), sent)).toEqual({ events: sent, ...nothingWrong });
  });

  it("resumes after its pages were frozen, and after the network failed silently", async () => {
    const browser = await startChromium();
    const followers: Follower[] = [];
    for (const transport of ["event-stream", "websocket"] as const)
      followers.push(await follow(browser, site(), { filters: ["n"], transport }));
    await publishNumbers(site(), [0, 500]);
    const [frozen] = followers;
    const devTools = await frozen?.page.context().newCDPSession(frozen.page);
    await devTools?.send("Page.setWebLifecycleState", { state: "frozen" });
    site().network.darken();
    await publishNumbers(site(), [500, 1000]);
    // After three missed heartbeats, the other page notices that its stream is dead.
    await followers[1]?.untilState("waiting");
    site().network.resume();
    await devTools?.send("Page.setWebLifecycleState", { state: "active" });
    for (const follower of followers)
      expect(tally(await follower.until("999"), 1000)).toEqual({ events: 1000, ...nothingWrong });
  });

  it("gets events once and in order, or a gap, after kills and cuts", async () => {
    const browser = await startChromium();
    const followers: Follower[] = [];
    for (const transport of transports)
      followers.push(await follow(browser, site(), { filters: ["n"], transport }));
    await publishNumbers(site(), [0, 500]);
    site().network.cut();
    await publishNumbers(site(), [500, 1000]);
    await site().restartServer();
    await publishNumbers(site(), [1000, 2000]);
    for (const follower of followers) {
      await publishLast(site(), follower);
      const { lost, doubled } = tally(await follower.until("last"), 2000);
      expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
    }
  });
});

/**
 * Waits for one stream. A new tab replaces the stream with a stream that includes the new tab's filters, so briefly
 * there are two streams.
 */
async function untilOneStream(site: BrokenSite): Promise<void> {
  let streams = 0;
  const isOne = async (): Promise<boolean> => (streams = await site.streams()) === 1;
  await waitFor(isOne, { within, missing: () => `one stream; there are ${streams}` });
}
