import { join } from "node:path";

import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { Push } from "zeromq";

import type { connect } from "../../src/client/index.js";
import { startChromium, type Chromium } from "../support/chromium.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

/** What the pages are served by, through a network that can be cut. */
interface Site {
  readonly url: string;
  readonly network: TcpProxy;
  publish(topic: string, data: string): Promise<void>;
  /** Kills what the browser is connected to, and starts it again in its place. */
  restart(): Promise<void>;
  /** How many streams are open. */
  streams(): Promise<number>;
}

const settings = ["--heartbeat", "1"];

async function publisherTo(hub: HubProcess): Promise<Push> {
  const push = new Push({ linger: 0, sendTimeout: within, sendHighWaterMark: 20_000 });
  push.connect(hub.ingest);
  onTestFinished(() => push.close());
  return push;
}

async function streamsOf(hub: HubProcess): Promise<number> {
  const { streams } = (await (await fetch(`${hub.httpUrl}/healthz`)).json()) as { streams: number };
  return streams;
}

async function startStandalone(): Promise<Site> {
  let hub = await startHub({ args: settings });
  let push = await publisherTo(hub);
  const { httpPort } = hub;
  const network = await startTcpProxy({ target: httpPort });
  return {
    url: `http://127.0.0.1:${network.port}/`,
    network,
    publish: (topic, data) => push.send([topic, data]),
    restart: async () => {
      await hub.kill();
      hub = await startHub({ args: settings, http: `127.0.0.1:${httpPort}` });
      push = await publisherTo(hub);
    },
    streams: () => streamsOf(hub),
  };
}

async function startBehindMongrel2(): Promise<Site> {
  const server = await startMongrel2({ mode: "shipped", htmlDir: join(root, "html"), hosts: ["127.0.0.1"] });
  onTestFinished(() => server.stop());
  const link = [server.sendSpec, server.recvSpec, server.controlSpec].join(",");
  const hub = await startHub({ args: settings, mongrel2: [link] });
  const push = await publisherTo(hub);
  const network = await startTcpProxy({ target: server.port });
  return {
    url: `http://127.0.0.1:${network.port}/`,
    network,
    publish: (topic, data) => push.send([topic, data]),
    restart: () => server.restart(),
    streams: () => streamsOf(hub),
  };
}

const fronts = [
  { front: "the HTTP front", start: startStandalone },
  { front: "Mongrel2", start: startBehindMongrel2 },
] as const;

/** What a page has got: the data of each event, and `gap`. */
interface Got {
  readonly got: string[];
  readonly states: string[];
}

declare global {
  // A page of a test.
  var followed: Got | undefined;
}

/**
 * Opens a page that follows topics through the library, as the hub serves it. The code is text: the test runner would
 * turn an import in a function into its own.
 */
async function follow(browser: Chromium, site: Site, options: Parameters<typeof connect>[1]): Promise<Page> {
  const page = await browser.openPage(`${site.url}openapi.json`);
  await page.evaluate(`(async () => {
    const { connect } = await import("/pharos-client.js");
    const live = connect("/", ${JSON.stringify(options)});
    globalThis.followed = { got: [], states: [] };
    live.on("event", ({ data }) => followed.got.push(data));
    live.on("gap", () => followed.got.push("gap"));
    live.on("state", ({ kind }) => followed.states.push(kind));
  })()`);
  await until(page, "open", () => globalThis.followed?.states.includes("open"));
  return page;
}

async function until(page: Page, what: string, isSo: () => boolean | undefined): Promise<void> {
  await page.waitForFunction(isSo, null, { timeout: within }).catch(async (error: unknown) => {
    const { got = [], states = [] } = (await page.evaluate(() => globalThis.followed)) ?? {};
    throw new Error(
      `${what} is missing; ${got.length} came, the last ${got.slice(-3).join()}; ${states.join()}`,
      {
        cause: error,
      },
    );
  });
}

async function untilLast(page: Page): Promise<readonly string[]> {
  await until(page, "the last event", () => globalThis.followed?.got.includes("last"));
  return page.evaluate(() => globalThis.followed?.got ?? []);
}

/** When a tab comes the stream is replaced by one with its filters, so that for a moment there are two. */
async function untilOneStream(site: Site): Promise<void> {
  let streams = 0;
  const isOne = async (): Promise<boolean> => (streams = await site.streams()) === 1;
  await waitFor(isOne, { within, missing: () => `one stream; there are ${streams}` });
}

/** What is wrong with a sequence of numbers, in which gaps are said: nothing. */
function faults(got: readonly string[]): string[] {
  const found: string[] = [];
  let before = -1;
  let isGap = false;
  for (const data of got) {
    const number = Number(data);
    if (data === "gap") isGap = true;
    else if (number > before + 1 && !isGap) found.push(`${before} then ${number}`);
    else if (number <= before) found.push(`${number} after ${before}`);
    if (data === "gap" || Number.isNaN(number)) continue;
    [before, isGap] = [number, false];
  }
  return found;
}

/** Publishes numbers from `from` up to, not including, `to`, and lets others work after each hundred. */
async function publishNumbers(site: Site, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += 1) {
    await site.publish("n", String(number));
    if (number % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Publishes until a page has it: what is sent before the publisher is connected anew is nobody's. */
async function publishLast(site: Site, page: Page): Promise<void> {
  await waitFor(
    async () => {
      await site.publish("n", "last");
      return page.evaluate(() => globalThis.followed?.got.includes("last"));
    },
    { within, everyMs: 500, missing: "the last event" },
  );
}

const options = { filters: ["n"] };

describe.each(fronts)("the library in Chromium, at $front", ({ start }) => {
  it("has one connection for ten tabs, and the others miss nothing when the first is closed", async () => {
    const site = await start();
    const browser = await startChromium();
    const pages: Page[] = [];
    for (let n = 0; n < 10; n += 1)
      pages.push(await follow(browser, site, { filters: ["n", `tab/${n}`], shared: true }));
    await untilOneStream(site);
    await site.publish("tab/3", "own");
    await publishNumbers(site, 0, 500);
    await pages[0]?.close();
    await publishNumbers(site, 500, 1000);
    await site.publish("n", "last");
    const numbers = [...Array.from({ length: 1000 }, (_, n) => String(n)), "last"];
    for (const [n, page] of pages.slice(1).entries())
      expect(await untilLast(page), `tab ${n + 1}`).toEqual(n + 1 === 3 ? ["own", ...numbers] : numbers);
    await untilOneStream(site);
  });

  it("gets 10,000 events once and in order, or is told of a gap, over kills and cuts", async () => {
    const site = await start();
    const page = await follow(await startChromium(), site, options);
    await publishNumbers(site, 0, 3000);
    site.network.cut();
    await publishNumbers(site, 3000, 6000);
    await site.restart();
    await publishNumbers(site, 6000, 10_000);
    await publishLast(site, page);
    const got = await untilLast(page);
    expect(faults(got)).toEqual([]);
    expect(got).toContain("9999");
  });

  it("notices a network that went without a word, and goes on where it was", async () => {
    const site = await start();
    const page = await follow(await startChromium(), site, options);
    await publishNumbers(site, 0, 100);
    await until(page, "99", () => globalThis.followed?.got.includes("99"));
    site.network.stall();
    await publishNumbers(site, 100, 200);
    await until(page, "199", () => globalThis.followed?.got.includes("199"));
    await site.publish("n", "last");
    expect(faults(await untilLast(page))).toEqual([]);
  });

  it("goes on where it was when its page was frozen", async () => {
    const site = await start();
    const page = await follow(await startChromium(), site, options);
    const devTools = await page.context().newCDPSession(page);
    await publishNumbers(site, 0, 100);
    await until(page, "99", () => globalThis.followed?.got.includes("99"));
    await devTools.send("Page.setWebLifecycleState", { state: "frozen" });
    await publishNumbers(site, 100, 2000);
    // How long it is frozen: longer than three heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await devTools.send("Page.setWebLifecycleState", { state: "active" });
    await site.publish("n", "last");
    expect(faults(await untilLast(page))).toEqual([]);
  });
});
