import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startChromium } from "../support/chromium.js";
import { pageFronts, type PageSite } from "../support/page-site.js";
import { olderToken } from "../support/token.js";

/** The data that the page's own script has received. */
interface Got {
  readonly got: readonly string[];
}

const timeout = 60_000;

async function openPage(site: PageSite, hash = ""): Promise<Page> {
  const browser = await startChromium();
  return browser.openPage(`${site.url}${hash}`);
}

/** Waits until the state line begins with this text. The error at the deadline names the missing selector. */
async function state(page: Page, text: string): Promise<void> {
  await page.locator("#state", { hasText: new RegExp(`^${text}`) }).waitFor({ timeout });
}

async function row(page: Page, text: string): Promise<void> {
  await page.locator("#rows .data").getByText(text, { exact: true }).waitFor({ timeout });
}

describe.each(pageFronts)("the page served by $front", ({ start }) => {
  it("shows events as they arrive, with their id and their delay", async () => {
    const site = await start();
    const page = await openPage(site);
    await state(page, "Connected");
    await site.publish(`id: first-1\ndata: Timestamp ${new Date().toISOString()}\n\n`);
    await page.locator("#last", { hasText: "first-1" }).waitFor({ timeout });
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
      // Browsers hide the response headers of an EventSource from the page, but show the response headers of `fetch`.
      const ended = new AbortController();
      const { headers } = await fetch("/esupdates?topic=many", {
        headers: { accept: "text/event-stream" },
        signal: ended.signal,
      });
      ended.abort();
      return headers.get("content-encoding");
    });
    expect(encoding).toBe("gzip");
    await site.publish("many", "alone");
    await page.waitForFunction(() => (globalThis as unknown as Got).got.includes("alone"), null, { timeout });
    const many = Array.from({ length: 200 }, (_, n) => `${n} ${"as before ".repeat(20)}`.trim());
    for (const data of many) await site.publish("many", data);
    await page.waitForFunction(() => (globalThis as unknown as Got).got.length === 201, null, { timeout });
    expect(await page.evaluate(() => (globalThis as unknown as Got).got)).toEqual(["alone", ...many]);
  });

  it("shows HTML in an event as text, in its row and alone", async () => {
    const site = await start();
    const page = await openPage(site);
    await state(page, "Connected");
    const markup = '<img src="x" onerror="document.title=\'run\'"><b>bold</b>';
    await site.publish("broadcast", markup);
    await row(page, markup);
    await page.locator("#rows .data").first().click();
    await page.locator("#inspector pre").getByText(markup, { exact: true }).waitFor({ timeout });
    expect(await page.locator("main img, main b").count()).toBe(0);
    expect(await page.title()).toBe("Connected: broadcast – Pharos");
  });

  it("shows that it waits when the server stops, resumes when it is back, and reports the gap", async () => {
    const site = await start();
    const page = await openPage(site, "#view=connection");
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
    const entries = await page.locator("#timeline strong").allTextContents();
    expect(entries.toReversed().slice(0, 3)).toEqual(["Connecting", "Opened", "Dropped"]);
    expect(entries).toContain("Resumed");
  });

  it("shows only what its filters match, and keeps them after a reload", async () => {
    const site = await start();
    const page = await openPage(site);
    await page.getByLabel("Topic filters").fill("news/+/sport");
    await page.getByLabel("Topic filters").press("Enter");
    await page.reload();
    await page.getByLabel("Filters followed").getByText("news/+/sport").waitFor({ timeout });
    await state(page, "Connected");
    await site.publish("news/fr/politics", "not this");
    await site.publish("news/fr/sport", "this");
    await row(page, "this");
    expect(await page.locator("#rows .data").allTextContents()).toEqual(["this"]);
    expect(await page.locator("#subscribe-code pre").first().textContent()).toContain(
      "?topic=news%2F%2B%2Fsport'",
    );
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

  it("uses the selected transport, shows it, and keeps it after a reload", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news/%23&view=connection");
    await state(page, "Connected");
    await page.getByRole("button", { name: "Options" }).click();
    const opened = page.locator("#timeline [data-kind=open]");
    for (const { option, name, by, bare } of [
      { option: "WebSocket", name: "websocket", by: "by WebSocket", bare: "new WebSocket" },
      { option: "Long poll", name: "poll", by: "by long poll", bare: "/poll?topic=" },
    ]) {
      await page.getByLabel("Transport").selectOption(option);
      await page.getByRole("button", { name: "Reconnect" }).click();
      await opened.getByText(by).waitFor({ timeout });
      await site.publish("news/fr", `came ${by}`);
      await row(page, `came ${by}`);
      expect(await page.locator("#carrier").textContent()).toBe(`This page is connected ${by}.`);
      const code = await page.locator("#subscribe-code pre").allTextContents();
      expect(code[2]).toContain(`transport: "${name}"`);
      expect(code[3]).toContain(bare);
    }
    await page.reload();
    await opened.getByText("by long poll").waitFor({ timeout });
    expect(new URL(page.url()).hash).toBe("#topic=news%2F%23&transport=poll&view=connection");
    expect(await page.getByLabel("Transport").inputValue()).toBe("poll");
  });

  it("marks the retained value that comes first", async () => {
    const site = await start();
    await site.publish("clock", "12:00", JSON.stringify({ retain: true }));
    const page = await openPage(site, "#topic=clock");
    await page.locator("#rows .retained .badge").getByText("retained").waitFor({ timeout });
    await site.publish("clock", "12:01");
    await row(page, "12:01");
    expect(await page.locator("#rows .badge").count()).toBe(1);
  });

  it("publishes its form with a token, and shows the refusal without one", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=chat&view=publish");
    await state(page, "Connected");
    await page.getByRole("textbox", { name: "Data" }).fill('{"text":"two\\nlines"}');
    await page.getByRole("button", { name: "Publish" }).click();
    await page.locator("#published.bad", { hasText: "token" }).waitFor({ timeout });
    await page.getByRole("button", { name: "Options" }).click();
    await page.getByLabel("Token, to follow").fill(await olderToken({ publish: ["*"] }));
    await page.getByRole("textbox", { name: "Type" }).fill("línea");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.locator("#published", { hasText: /^Published as #/ }).waitFor({ timeout });
    await row(page, '{"text":"two\\nlines"}');
    expect(await page.locator("#rows .type").first().textContent()).toBe("línea");
  });
});
