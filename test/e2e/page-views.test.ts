import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startChromium } from "../support/chromium.js";
import { accessibilityFindings, sidewaysOverflow, tabTo } from "../support/page-findings.js";
import { viewFront, type PageSite } from "../support/page-site.js";
import { olderToken } from "../support/token.js";

const timeout = 60_000;
const views = ["Events", "Topics", "History", "Clients", "Connection", "Publish", "Code"];
const phone = { width: 360, height: 740 };

async function openPage(site: PageSite, hash: string): Promise<Page> {
  const browser = await startChromium();
  const page = await browser.openPage(`${site.url}${hash}`);
  await connected(page);
  return page;
}

async function connected(page: Page): Promise<void> {
  await page.locator("#state", { hasText: /^Connected/ }).waitFor({ timeout });
}

async function fill(site: PageSite): Promise<void> {
  await site.publish("news/fr", JSON.stringify({ title: "une", tags: ["a", null], read: 12.5 }));
  await site.publish("news/uk", "plain text", JSON.stringify({ type: "update" }));
}

async function rowCount(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll("#rows [role=row]").length === wanted,
    count,
    { timeout },
  );
}

/**
 * Visits the views one after another, and returns their faults. In each view that shows events, the test opens one
 * event.
 */
async function faultsOf(page: Page, names: readonly string[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const name of names) {
    await page.getByRole("tab", { name }).click();
    const rows = page.locator("#rows .data");
    if (await rows.first().isVisible()) await rows.first().click();
    const found = await accessibilityFindings(page);
    faults.push(...found.map((finding) => `${name}: ${finding}`));
    const overflow = await sidewaysOverflow(page);
    if (overflow !== 0) faults.push(`${name}: ${overflow} pixels are to the right of what is seen`);
  }
  return faults;
}

describe.each([viewFront])("the views of the page served by $front", ({ start }) => {
  it("can all be used by keyboard alone", async () => {
    const site = await start();
    const page = await openPage(site, "");
    const { keyboard } = page;

    await tabTo(page, "#topic");
    await keyboard.type("news/#");
    await keyboard.press("Enter");
    await page.getByLabel("Filters followed").getByText("news/#").waitFor({ timeout });
    await connected(page);
    await fill(site);
    await rowCount(page, 2);
    await tabTo(page, "#rows [role=row]");
    await keyboard.press("ArrowDown");
    await keyboard.press("Enter");
    await page.locator("#inspector pre").getByText('"title": "une"').waitFor({ timeout });
    await keyboard.press("ArrowUp");
    await page.locator("#inspector pre").getByText("plain text").waitFor({ timeout });
    await keyboard.press("Escape");
    expect(await page.locator("#inspector").isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.matches("#rows [role=row]"))).toBe(true);

    await page.reload();
    await connected(page);
    await tabTo(page, "#more");
    await keyboard.press("Enter");
    await tabTo(page, "#token");
    await keyboard.type(await olderToken({ publish: ["*"] }));
    await tabTo(page, "[role=tab][aria-selected=true]");
    for (const view of ["History", "Clients", "Connection", "Publish"]) {
      await keyboard.press("ArrowRight");
      await page.getByRole("tab", { name: view, selected: true }).waitFor({ timeout });
    }
    await tabTo(page, "#data");
    await keyboard.press("Control+A");
    await keyboard.type("typed");
    await tabTo(page, "#publication .primary");
    await keyboard.press("Enter");
    await page.locator("#rows .data").getByText("typed", { exact: true }).waitFor({ timeout });

    await keyboard.press("Shift+Tab");
    await page.locator("[role=tab][aria-selected=true]").focus();
    await keyboard.press("End");
    await page.getByRole("tab", { name: "Code", selected: true }).waitFor({ timeout });
    await tabTo(page, "#code button");
    expect(await page.locator("#code pre").first().textContent()).toContain("curl -N");
    expect(await page.locator("#code pre", { hasText: "eyJ" }).count()).toBe(0);
  });
});

describe("the page", () => {
  const { start } = viewFront;

  it("has no finding of axe-core in any view, light and dark, wide and on a phone, where nothing is cut off", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news/%23");
    await fill(site);
    await rowCount(page, 2);
    await page.getByRole("button", { name: "Options" }).click();
    for (const theme of ["Light theme", "Dark theme"]) {
      await page.getByTitle(theme).click();
      for (const size of [{ width: 1280, height: 860 }, phone]) {
        await page.setViewportSize(size);
        // A wide page shows the events next to every other view, so the events have no tab.
        const faults = await faultsOf(page, views.slice(size === phone ? 0 : 1));
        expect([theme, size.width, faults]).toEqual([theme, size.width, []]);
      }
    }
  });

  it("shows one view at a time on a phone", async () => {
    const site = await start();
    const page = await openPage(site, "");
    await page.setViewportSize(phone);
    for (const view of views) {
      await page.getByRole("tab", { name: view }).click();
      const shown = await page
        .locator(".view")
        .evaluateAll((all) =>
          all.filter((each) => (each as HTMLElement).offsetParent !== null).map(({ id }) => id),
        );
      const controls = await page.getByRole("tab", { name: view }).getAttribute("aria-controls");
      expect(shown).toEqual([controls]);
    }
  });

  it("keeps the theme that was chosen", async () => {
    const site = await start();
    const page = await openPage(site, "");
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByTitle("Dark theme").click();
    expect(await ground()).not.toBe(light);
    await page.reload();
    await connected(page);
    expect(await ground()).not.toBe(light);
    expect(await page.getByRole("radio", { name: "Dark" }).isChecked()).toBe(true);
  });

  it("finds events by all words of a search, and shows the events of a pause when it ends", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news/%23");
    await fill(site);
    await rowCount(page, 2);
    await page.getByLabel("Search events").fill("TEXT update");
    await rowCount(page, 1);
    await page.getByLabel("Search events").fill("");
    await rowCount(page, 2);
    await page.getByRole("button", { name: "Pause" }).click();
    await fill(site);
    await page.locator("#held", { hasText: "2 waiting" }).waitFor({ timeout });
    expect(await page.locator("#rows [role=row]").count()).toBe(2);
    await page.getByRole("button", { name: "Resume" }).click();
    await rowCount(page, 4);
  });

  it("takes 10,000 events at once with few rows, the newest first", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=many");
    for (let n = 0; n < 10_000; n += 1) await site.publish("many", `number ${n}`);
    await page.locator("#total", { hasText: /^10,000$/ }).waitFor({ timeout });
    await page.locator("#rows .data").getByText("number 9999", { exact: true }).waitFor({ timeout });
    expect(await page.locator("#rows .data").first().textContent()).toBe("number 9999");
    expect(await page.locator("#rows [role=row]").count()).toBe(300);
    // The page draws the list of topics later than the total, at a separate rate.
    await page.locator("#topic-rows tr", { hasText: /many.*10,000/s }).waitFor({ timeout });
    expect(await page.locator("#topic-rows tr").count()).toBe(1);
  });
});
