import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { Push } from "zeromq";
import { startChromium } from "../support/chromium.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { startMongrel2 } from "../support/mongrel2-server.js";

/** What the page is served by, and how to break it. */
interface Site {
  readonly url: string;
  /** One frame, or two: topic and data. */
  publish(...frames: readonly string[]): Promise<void>;
  /** Kills the server that holds the browser's connection and starts it again on the same port. */
  restart(): Promise<void>;
}

/** What a test's own script in the page has received. */
interface Got {
  readonly got: readonly string[];
}

async function connectPublisher(hub: HubProcess): Promise<Push> {
  const push = new Push({ linger: 0, sendTimeout: 30_000 });
  push.connect(hub.ingest);
  onTestFinished(() => push.close());
  return push;
}

async function startStandalone(): Promise<Site> {
  let hub = await startHub();
  let push = await connectPublisher(hub);
  const port = hub.httpPort;
  return {
    url: `${hub.httpUrl}/`,
    publish: (...frames) => push.send([...frames]),
    restart: async () => {
      await hub.kill();
      hub = await startHub({ http: `127.0.0.1:${port}` });
      push = await connectPublisher(hub);
    },
  };
}

async function startBehindMongrel2(): Promise<Site> {
  const server = await startMongrel2({ mode: "shipped", htmlDir: join(root, "html") });
  onTestFinished(() => server.stop());
  const link = [server.sendSpec, server.recvSpec, server.controlSpec].join(",");
  const hub = await startHub({ mongrel2: [link] });
  const push = await connectPublisher(hub);
  return {
    url: `http://localhost:${server.port}/`,
    publish: (...frames) => push.send([...frames]),
    restart: () => server.restart(),
  };
}

async function openPage(site: Site, hash = ""): Promise<Page> {
  const browser = await startChromium();
  return browser.openPage(`${site.url}${hash}`);
}

/** Until the state line begins so; the message at the deadline names the selector that was not found. */
async function state(page: Page, text: string): Promise<void> {
  await page.locator("#state", { hasText: new RegExp(`^${text}`) }).waitFor({ timeout: 60_000 });
}

async function row(page: Page, text: string): Promise<void> {
  await page.locator("#rows").getByText(text, { exact: true }).waitFor({ timeout: 60_000 });
}

const fronts = [
  { front: "the HTTP front", start: startStandalone },
  { front: "Mongrel2", start: startBehindMongrel2 },
] as const;

describe.each(fronts)("the page served by $front", ({ start }) => {
  it("shows events as they arrive, with their id and their delay", async () => {
    const site = await start();
    const page = await openPage(site);
    await state(page, "Connected");
    await site.publish(`id: first-1\ndata: Timestamp ${new Date().toISOString()}\n\n`);
    await page.locator("#last", { hasText: "first-1" }).waitFor({ timeout: 60_000 });
    expect(await page.locator("#total").textContent()).toBe("1");
    expect(await page.locator("#delay").textContent()).toMatch(/^-?[\d.]+ (ms|s)$/);
  });

  it("gets its stream compressed, event by event, and many at once in order", async () => {
    const site = await start();
    const page = await openPage(site);
    await state(page, "Connected");
    const encoding = await page.evaluate(async () => {
      const source = new EventSource("/esupdates?topic=many");
      const got: string[] = [];
      source.addEventListener("message", ({ data }) => got.push(String(data)));
      Object.assign(globalThis, { got });
      await new Promise((resolve) => source.addEventListener("open", resolve));
      // A browser tells a page the headers of what it has fetched, not those of an EventSource.
      const ended = new AbortController();
      const { headers } = await fetch("/esupdates?topic=many", { signal: ended.signal });
      ended.abort();
      return headers.get("content-encoding");
    });
    expect(encoding).toBe("gzip");
    await site.publish("many", "alone");
    await page.waitForFunction(() => (globalThis as unknown as Got).got.includes("alone"), null, {
      timeout: 60_000,
    });
    const many = Array.from({ length: 200 }, (_, n) => `${n} ${"as before ".repeat(20)}`.trim());
    for (const data of many) await site.publish("many", data);
    await page.waitForFunction(() => (globalThis as unknown as Got).got.length === 201, null, {
      timeout: 60_000,
    });
    expect(await page.evaluate(() => (globalThis as unknown as Got).got)).toEqual(["alone", ...many]);
  });

  it("shows HTML in an event as text", async () => {
    const site = await start();
    const page = await openPage(site);
    await state(page, "Connected");
    const markup = '<img src="x" onerror="document.title=\'run\'"><b>bold</b>';
    await site.publish("broadcast", markup);
    await row(page, markup);
    expect(await page.locator("#rows img, #rows b").count()).toBe(0);
    expect(await page.title()).toBe("Pharos");
  });

  it("says that it waits when the server goes, and goes on by itself when it is back", async () => {
    const site = await start();
    const page = await openPage(site);
    await state(page, "Connected");
    await site.publish("broadcast", "before");
    await row(page, "before");
    const waited = state(page, "Waiting");
    await site.restart();
    await waited;
    await state(page, "Connected");
    await site.publish("broadcast", "after");
    await row(page, "after");
    expect(await page.locator("#rows .data").first().textContent()).toBe("after");
  });

  it("shows only what its filters match, and keeps them over a reload", async () => {
    const site = await start();
    const page = await openPage(site);
    await page.getByLabel("Topic filters").fill("news/+/sport");
    await page.getByLabel("Topic filters").press("Enter");
    await page.reload();
    await page.getByLabel("Filters followed").getByText("news/+/sport").waitFor({ timeout: 60_000 });
    await state(page, "Connected");
    await site.publish("news/fr/politics", "not this");
    await site.publish("news/fr/sport", "this");
    await row(page, "this");
    expect(await page.locator("#rows .data").allTextContents()).toEqual(["this"]);
    expect(await page.locator("#curl").textContent()).toContain("?topic=news%2F%2B%2Fsport'");
  });

  it("shows the server's reason when a filter is refused, and recovers when it is removed", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news/%23/late");
    await state(page, "Refused");
    const { detail } = await page.evaluate(async () => {
      const reply = await fetch("/esupdates?topic=news%2F%23%2Flate");
      return (await reply.json()) as { detail: string };
    });
    expect(await page.locator("#note").textContent()).toBe(detail);
    await page.getByRole("button", { name: "Remove news/#/late" }).click();
    await state(page, "Connected");
  });
});

describe("the page in an old browser", () => {
  it("says plainly that EventSource is missing", async () => {
    const site = await startStandalone();
    const browser = await startChromium();
    const page = await browser.emptyPage();
    await page.addInitScript("delete globalThis.EventSource");
    await page.goto(site.url);
    await page.getByText("This browser lacks EventSource").waitFor({ timeout: 60_000 });
    expect(await page.locator("#app").isVisible()).toBe(false);
  });
});
