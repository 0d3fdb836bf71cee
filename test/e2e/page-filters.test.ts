import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startChromium } from "../support/chromium.js";
import { viewFront, type PageSite } from "../support/page-site.js";

const timeout = 60_000;

async function openPage(site: PageSite, hash: string): Promise<Page> {
  const browser = await startChromium();
  return browser.openPage(`${site.url}${hash}`);
}

async function state(page: Page, text: string): Promise<void> {
  await page.locator("#state", { hasText: new RegExp(`^${text}`) }).waitFor({ timeout });
}

async function row(page: Page, text: string): Promise<void> {
  await page.locator("#rows .data").getByText(text, { exact: true }).waitFor({ timeout });
}

async function follow(page: Page, filter: string): Promise<void> {
  await page.getByLabel("Topic filters").fill(filter);
  await page.getByLabel("Topic filters").press("Enter");
}

function filtersOf(page: Page): Promise<readonly string[]> {
  return page.locator("#topics li > span").allTextContents();
}

async function told(page: Page, filter: string): Promise<void> {
  await page.locator("#note.bad", { hasText: `The hub refused ${filter}: ` }).waitFor({ timeout });
}

describe.each([viewFront])("filters of the page served by $front", ({ start }) => {
  // Bug: the page closed its working stream, and showed only `Refused`.
  it.each(["event-stream", "websocket", "poll"])(
    "are dropped if the hub refuses them, and the stream of the others goes on: %s",
    async (transport) => {
      const site = await start();
      const page = await openPage(site, `#topic=news/%2B&transport=${transport}`);
      await state(page, "Connected");
      await site.publish("news/a", "before");
      await row(page, "before");
      await follow(page, "news/#/late");
      await told(page, "news/#/late");
      expect(await filtersOf(page)).toEqual(["news/+"]);
      expect(new URL(page.url()).hash).toBe(`#topic=news%2F%2B&transport=${transport}`);
      await site.publish("news/b", "after");
      await row(page, "after");
      await follow(page, "sport");
      await page.locator("#note:not(.bad)").waitFor({ timeout });
      await expect
        .poll(
          async () => {
            await site.publish("sport", "goal");
            return page.locator("#rows .data", { hasText: "goal" }).count();
          },
          { timeout, interval: 500 },
        )
        .toBeGreaterThan(0);
      expect(await page.locator("#rows .data", { hasText: "before" }).count()).toBe(1);
      expect(await page.locator("#timeline [data-kind=waiting], #timeline [data-kind=closed]").count()).toBe(
        0,
      );
    },
  );
});

describe("filters of the page", () => {
  const { start } = viewFront;

  it("of an address are kept if they are valid, and the others are dropped", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=a%2F%23%2Fb&topic=news&topic=c%2B");
    await told(page, "a/#/b, c+");
    await state(page, "Connected");
    expect(await filtersOf(page)).toEqual(["news"]);
    await site.publish("news", "arrived");
    await row(page, "arrived");
  });

  it("beyond the hub's limits leave the earlier filters in place", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news");
    await state(page, "Connected");
    const many = Array.from({ length: 2_000 }, (_, n) => `topic=t${n}`).join("&");
    await page.evaluate((hash) => (location.hash = hash), `topic=news&${many}`);
    await page.locator("#note.bad").waitFor({ timeout });
    expect(await filtersOf(page)).toEqual(["news"]);
    await site.publish("news", "still here");
    await row(page, "still here");
  });

  it("and the state of the connection are in the title of the tab", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news/%23&topic=sport");
    const title = (pattern: RegExp): Promise<unknown> =>
      page.waitForFunction((wanted) => new RegExp(wanted).test(document.title), pattern.source, { timeout });
    await title(/^Connected: news\/# \+1 – Pharos$/);
    await page.getByRole("button", { name: "Remove sport" }).click();
    await title(/^Connected: news\/# – Pharos$/);
    const waited = title(/^Waiting: news\/# – Pharos$/);
    await site.restart();
    await waited;
    await title(/^Connected/);
    // A stream that had a position reports a gap after a restart.
    expect(await page.title()).toMatch(/^Connected(, gap)?: news\/# – Pharos$/);
  });
});

describe("the page", () => {
  const { start } = viewFront;

  it("keeps its header and its rows in place while it waits, and says why in words", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news");
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await state(page, "Connected");
      const places = (): Promise<readonly number[]> =>
        page
          .locator("header, #theme, #topic, #tabs")
          .evaluateAll((all) =>
            all.map((each) => each.getBoundingClientRect()).flatMap(({ top, left }) => [top, left]),
          );
      const before = await places();
      const waited = state(page, "Waiting").then(async () => [
        await places(),
        await page.locator("#note").textContent(),
      ]);
      await site.restart();
      const [during, note] = await waited;
      expect(during).toEqual(before);
      expect(note).not.toMatch(/fetch|network error|undefined/);
    }
  });

  it("shows the ends of long topics and ids, and whole focus rings", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=%23");
    await state(page, "Connected");
    const topic = `region/${"europe/".repeat(12)}football`;
    await site.publish(topic, "x", JSON.stringify({ id: `urn:uuid:${"0".repeat(40)}123456` }));
    await row(page, "x");
    for (const width of [1024, 1280, 800, 360]) {
      await page.setViewportSize({ width, height: 800 });
      const cut = await page.locator("#rows .ends > .end, #topic-rows .ends > .end").evaluateAll((all) =>
        all
          .filter((each) => (each as HTMLElement).offsetParent !== null)
          .filter((each) => {
            const cell = (each.parentElement as HTMLElement).getBoundingClientRect();
            return each.scrollWidth > each.clientWidth || each.getBoundingClientRect().right > cell.right + 1;
          })
          .map(({ textContent }) => textContent),
      );
      expect([width, cut]).toEqual([width, []]);
      const room = await page.locator("#search").evaluate((search) => {
        const [inner, outer] = [search, search.closest(".view") as Element].map((each) =>
          each.getBoundingClientRect(),
        );
        return [(inner?.top ?? 0) - (outer?.top ?? 0), (inner?.left ?? 0) - (outer?.left ?? 0)];
      });
      expect(Math.min(...room)).toBeGreaterThanOrEqual(4);
    }
    expect(await page.locator("#rows .topic").textContent()).toBe(topic);
  });

  it("shows a connection in green, and no other state in that colour", async () => {
    const site = await start();
    const page = await openPage(site, "#topic=news");
    const colours = (): Promise<readonly string[]> =>
      page.evaluate(() => {
        const dot = getComputedStyle(document.querySelector(".state") as Element, "::before").borderTopColor;
        const newest = getComputedStyle(document.querySelector("#timeline li") as Element).borderLeftColor;
        return [dot, newest];
      });
    await state(page, "Connected");
    const [dot, entry] = await colours();
    expect(dot).toBe(entry);
    const waiting = state(page, "Waiting").then(colours);
    await site.restart();
    const [waitingDot, waitingEntry] = await waiting;
    expect(waitingDot).toBe(waitingEntry);
    expect(waitingDot).not.toBe(dot);
  });
});
