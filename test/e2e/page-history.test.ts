import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startChromium } from "../support/chromium.js";
import { accessibilityFindings, sidewaysOverflow } from "../support/page-findings.js";
import { viewFront, type PageSite } from "../support/page-site.js";
import { olderToken } from "../support/token.js";

const timeout = 60_000;

async function openPage(site: PageSite, hash: string): Promise<Page> {
  const page = await (await startChromium()).openPage(`${site.url}${hash}`);
  await page.locator("#state", { hasText: /^Connected/ }).waitFor({ timeout });
  return page;
}

/** The content of the rows, without the times. */
async function rowsOf(page: Page): Promise<readonly string[]> {
  const rows = await page.locator("#history-events td").allTextContents();
  return rows.map((text) => text.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
}

const noteOf = (page: Page): Promise<string | null> => page.locator("#history-note").textContent();

describe.each([viewFront])("the history on the page served by $front", ({ start }) => {
  it("shows the stored events of a topic on a click, in pages, newest first", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news/%23&view=topics");
    for (let number = 1; number <= 130; number += 1) await site.publish("news/fr", `event ${number}`);
    await page.getByRole("button", { name: "History of news/fr" }).click();
    await expect.poll(() => noteOf(page), { timeout }).toMatch(/^130 publications of 130 /);
    expect(await rowsOf(page)).toEqual(Array.from({ length: 100 }, (_, index) => `event ${130 - index}`));
    await page.getByRole("button", { name: "Older" }).click();
    await expect.poll(async () => (await rowsOf(page)).length, { timeout }).toBe(130);
    expect((await rowsOf(page)).at(-1)).toBe("event 1");
    expect(await page.getByRole("button", { name: "Older" }).isVisible()).toBe(false);
    // An event opens beside the list, and the focus returns to its row.
    const row = page.locator("#history-events button").first();
    await row.click();
    await page.locator("#inspector", { hasText: "event 130" }).waitFor({ timeout });
    await page.keyboard.press("Escape");
    expect(await row.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it("lists the topics, has an address, and says what is not there", async () => {
    const site = await start();
    await site.publish("news/fr", "une");
    await site.publish("news/uk", "value", JSON.stringify({ retain: true }));
    const page = await openPage(site, "#view=history");
    await expect.poll(() => noteOf(page), { timeout }).toBe("2 topics.");
    expect(await rowsOf(page)).toEqual(["1 publication of 1, 0 streams", "1 publication of 1, 0 streams"]);
    await page.getByRole("button", { name: "news/uk" }).click();
    await expect.poll(() => rowsOf(page), { timeout }).toEqual(["retainedvalue"]);
    expect(page.url()).toMatch(/#view=history&history=news%2Fuk$/);
    await page.reload();
    await expect.poll(() => rowsOf(page), { timeout }).toEqual(["retainedvalue"]);
    await page.locator("#history-topic").fill("nothing/here");
    await page.keyboard.press("Enter");
    await expect.poll(() => noteOf(page), { timeout }).toMatch(/^0 publications of 0 /);
    await page.locator("#history-topic").fill("*");
    await page.keyboard.press("Enter");
    await expect.poll(() => noteOf(page), { timeout }).toContain("is reserved");
    await page.getByRole("button", { name: "All topics" }).click();
    await expect.poll(() => noteOf(page), { timeout }).toBe("2 topics.");
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await sidewaysOverflow(page)).toBe(0);
  });

  it("shows private events only with a token for them", async () => {
    const site = await start();
    await site.publish("users/1", "secret", JSON.stringify({ private: true }));
    const page = await openPage(site, "#view=history&history=users/1");
    await expect.poll(() => noteOf(page), { timeout }).toMatch(/^0 publications/);
    await page.getByRole("button", { name: "Options" }).click();
    await page.locator("#token").fill(await olderToken({ subscribe: ["users/1"] }));
    await page.locator("#history-topic").press("Enter");
    await expect.poll(() => rowsOf(page), { timeout }).toEqual(["secret"]);
  });
});
