import { execFileSync } from "node:child_process";

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { startChromium } from "../support/chromium.js";
import { freePort } from "../support/free-port.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { accessibilityFindings, sidewaysOverflow } from "../support/page-findings.js";
import { viewFront, type PageSite } from "../support/page-site.js";
import { secret } from "../support/token.js";

const timeout = 60_000;

async function openPage(url: string): Promise<Page> {
  const browser = await startChromium();
  const page = await browser.openPage(url);
  await page.locator("#state", { hasText: /^Connected/ }).waitFor({ timeout });
  return page;
}

async function isSelected(page: Page, name: string): Promise<void> {
  await page.getByRole("tab", { name, selected: true }).waitFor({ timeout });
}

/** Runs a script in a shell in the folder of the checkout, and returns its output. */
function paste(script: string, env: NodeJS.ProcessEnv = {}): string {
  const { PHAROS_TOKEN: _, ...others } = process.env;
  return execFileSync("bash", ["-e"], { cwd: root, env: { ...others, ...env }, input: script }).toString();
}

const commandOf = async (page: Page, id: string): Promise<string> =>
  (await page.locator(`#${id} pre`).textContent()) ?? "";

describe("the first steps of the page", () => {
  it.each([
    { rights: "accepts publications from you without a token", hasSecret: false },
    { rights: "accepts no publication without a token", hasSecret: true },
  ])("publish with the commands shown if the hub $rights", async ({ rights, hasSecret }) => {
    // The commands make a token for the hub's own URL, so the test chooses the port.
    const env = hasSecret ? { PHAROS_TOKEN_SECRET: secret } : {};
    const hub: HubProcess = await startHub({
      env,
      http: `127.0.0.1:${await freePort()}`,
      args: hasSecret ? [] : ["--open=on"],
    });
    const page = await openPage(`${hub.httpUrl}/`);
    await isSelected(page, "Start");
    await page.locator("#first-rights", { hasText: rights }).waitFor({ timeout });
    expect(await page.locator("#first-token").isVisible()).toBe(hasSecret);
    expect(await commandOf(page, "first-follow")).toBe(`curl -N '${hub.httpUrl}/esupdates'`);
    const token = hasSecret ? `${await commandOf(page, "first-token")}\n` : "";
    const output = paste(`${token}${await commandOf(page, "first-publish")}`, env);
    expect(JSON.parse(output)).toEqual({ id: expect.stringMatching(/./) as string });
    await page
      .locator("#first-arrived.done", { hasText: /^Arrived at .* on broadcast\.$/ })
      .waitFor({ timeout });
    await page.locator("#rows .data", { hasText: "Hello from the tower" }).waitFor({ timeout });
    // A user who has seen the event does not get the steps again.
    await page.reload();
    await isSelected(page, "Topics");
  });

  it("stay away after they were hidden, and for an address with a filter", async () => {
    const hub = await startHub({});
    const page = await openPage(`${hub.httpUrl}/`);
    await isSelected(page, "Start");
    await page.getByLabel("Topic filters").fill("it's/+");
    await page.getByLabel("Topic filters").press("Enter");
    await page.locator("#first-filters", { hasText: "it's/+" }).waitFor({ timeout });
    await isSelected(page, "Start");
    expect(await commandOf(page, "first-publish")).toContain(`/publish/it'\\''s/example'`);
    await page.goto("about:blank");
    await page.goto(`${hub.httpUrl}/#topic=news`, { waitUntil: "domcontentloaded" });
    await isSelected(page, "Topics");
    await page.goto("about:blank");
    await page.goto(`${hub.httpUrl}/`, { waitUntil: "domcontentloaded" });
    await page.getByRole("button", { name: "Hide these steps" }).click();
    await isSelected(page, "Topics");
    await page.goto("about:blank");
    await page.goto(`${hub.httpUrl}/`, { waitUntil: "domcontentloaded" });
    await isSelected(page, "Topics");
  });

  it("have no finding of axe-core, and nothing of them is cut off on a phone", async () => {
    const hub = await startHub({ env: { PHAROS_TOKEN_SECRET: secret } });
    const page = await openPage(`${hub.httpUrl}/`);
    await page.locator("#first-rights", { hasText: "two commands" }).waitFor({ timeout });
    await page.locator("#start summary").click();
    for (const theme of ["Light theme", "Dark theme"]) {
      await page.getByTitle(theme).click();
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 820 });
        expect([theme, width, await accessibilityFindings(page)]).toEqual([theme, width, []]);
        expect([theme, width, await sidewaysOverflow(page)]).toEqual([theme, width, 0]);
      }
    }
  });
});

describe.each([viewFront])("the address of the page served by $front", ({ start }) => {
  async function fill(site: PageSite): Promise<void> {
    await site.publish("news/fr", "une", JSON.stringify({ id: "a 1" }));
    await site.publish("news/uk", "two", JSON.stringify({ id: "b#2" }));
  }

  it("holds the search and the open event: a reload keeps the search, and Back closes the event", async () => {
    const site = await start();
    const page = await openPage(`${site.url}#topic=news/%23`);
    await fill(site);
    await page.locator("#rows .data", { hasText: "two" }).waitFor({ timeout });
    await page.getByLabel("Search events").fill("une");
    await page.getByLabel("Search events").press("Enter");
    await page.waitForURL(/search=une$/, { timeout });
    await page.locator("#rows .data", { hasText: "une" }).click();
    await page.waitForURL(/search=une&event=a%201$/, { timeout });
    expect(await page.locator("#inspector pre").textContent()).toBe("une");
    await page.goBack();
    await page.locator("#inspector").waitFor({ state: "hidden", timeout });
    expect(new URL(page.url()).hash).toBe("#topic=news%2F%23&search=une");
    await page.goForward();
    await page.locator("#inspector pre", { hasText: "une" }).waitFor({ timeout });
    await page.keyboard.press("Escape");
    await page.waitForURL(/search=une$/, { timeout });
    await page.reload();
    expect(await page.getByLabel("Search events").inputValue()).toBe("une");
  });

  it("opens its event when the event arrives, and says until then that it is missing", async () => {
    const site = await start();
    const page = await openPage(`${site.url}#topic=news/%23&event=b%232`);
    await page.locator("#inspector h2", { hasText: "Event not received" }).waitFor({ timeout });
    await fill(site);
    await page.locator("#inspector pre", { hasText: /^two$/ }).waitFor({ timeout });
    await page.locator("#rows [aria-selected=true]", { hasText: "two" }).waitFor({ timeout });
    expect(await page.locator("#rows [aria-selected=true]").count()).toBe(1);
  });
});
