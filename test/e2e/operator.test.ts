import { expect, onTestFinished, test } from "vitest";
import { startChromium } from "../support/chromium.js";
import { startHub } from "../support/hub-process.js";
import { linkTo } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { expectNoFindings, tabTo } from "../support/page-findings.js";
import { connectPublisher } from "../support/publisher.js";

const timeout = 60_000;

test("the operator's view shows streams, links, workers and refusals, from the data of the admin address", async () => {
  const server = await startMongrel2({ mode: "shipped" });
  onTestFinished(() => server.stop());
  const hub = await startHub({ admin: "0", mongrel2: [linkTo(server)], args: ["--workers", "2"] });
  const stream = new AbortController();
  onTestFinished(() => stream.abort());
  await fetch(`${hub.httpUrl}/esupdates`, { signal: stream.signal });
  await fetch(`${hub.httpUrl}/esupdates?topic=a/%23/b`);
  const browser = await startChromium();
  const page = await browser.openPage(hub.ready.get("admin")?.[0] ?? "");
  expect(new URL(page.url()).pathname).toBe("/operator/");
  const line = (table: string, text: string) =>
    page.locator(`#${table} tr`, { hasText: text }).waitFor({ timeout });
  await line("fronts", "http");
  await line("links", "mongrel2-1up");
  await line("workers", "worker 2up");
  await line("refusals", "bad-filter");
  const streams = page.locator(".cards > div", { hasText: /^Streams\d/ });
  await streams.filter({ hasText: /^Streams1$/ }).waitFor({ timeout });
  const push = connectPublisher(hub.ingest);
  await push.send(["broadcast", "one"]);
  await page.locator("#fronts tr", { hasText: /^http10\.[1-9]/ }).waitFor({ timeout });
  await expectNoFindings(page);
});

test("the operator's view asks for the admin token if one is set, reports when the hub stops, and keeps its figures", async () => {
  const token = "0123456789abcdef0123456789abcdef";
  const hub = await startHub({ admin: "0", env: { PHAROS_ADMIN_TOKEN: token } });
  const browser = await startChromium();
  const page = await browser.openPage(hub.ready.get("admin")?.[0] ?? "");
  await page.getByLabel("Admin token").waitFor({ timeout });
  expect(await page.locator("#figures").isVisible()).toBe(false);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("token");
  await page.keyboard.type("not this one");
  await page.keyboard.press("Enter");
  await page.locator("#note", { hasText: "The admin token is wrong." }).waitFor({ timeout });
  await tabTo(page, "#token");
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await page.locator("#state", { hasText: "Up" }).waitFor({ timeout });
  await hub.kill();
  await page.locator("#note", { hasText: "The hub does not respond." }).waitFor({ timeout });
  expect(await page.locator("#cards").isVisible()).toBe(true);
});

test("on the address for clients, the operator's view shows no figures and says where they are", async () => {
  const hub = await startHub({ admin: "0" });
  const browser = await startChromium();
  const page = await browser.openPage(`${hub.httpUrl}/operator/`);
  await page.locator("#note", { hasText: "at the hub's admin address" }).waitFor({ timeout });
  expect(await page.locator("#figures").isVisible()).toBe(false);
});
