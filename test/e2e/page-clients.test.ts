import { expect, it } from "vitest";
import { startChromium } from "../support/chromium.js";
import { startHub } from "../support/hub-process.js";
import { accessibilityFindings, sidewaysOverflow } from "../support/page-findings.js";
import { secret, signOlder } from "../support/token.js";

const timeout = 60_000;

it("lists who follows what, and disconnects a subject, for a token with these rights", async () => {
  const hub = await startHub({ env: { PHAROS_TOKEN_SECRET: secret }, args: ["--subscriptions", "on"] });
  const ada = await signOlder({ sub: "users/ada", mercure: { subscribe: ["*"], payload: { name: "Ada" } } });
  const stream = await fetch(`${hub.httpUrl}/esupdates?topic=news/fr`, {
    headers: { Authorization: `Bearer ${ada}` },
  });
  const reader = stream.body?.getReader();
  const page = await (await startChromium()).openPage(`${hub.httpUrl}/#view=clients`);
  const note = page.locator("#clients-note");
  await expect.poll(() => note.textContent(), { timeout }).toMatch(/token/);
  await page.getByRole("button", { name: "Options" }).click();
  await page
    .locator("#token")
    .fill(await signOlder({ mercure: { subscribe: ["*"] }, pharos: { manage: ["disconnect"] } }));
  await page.getByRole("button", { name: "Ask again" }).click();
  const cells = (): Promise<readonly string[]> => page.locator("#client-rows :is(th, td)").allTextContents();
  const own = ["broadcast", "1 stream"];
  await expect.poll(cells, { timeout }).toEqual([...own, "news/fr", '1 stream {"name":"Ada"}']);
  expect(await accessibilityFindings(page)).toEqual([]);
  await page.locator("#disconnect-subject").fill("users/ada");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await expect
    .poll(() => page.locator("#disconnected").textContent(), { timeout })
    .toBe("1 stream of users/ada ended at this hub.");
  while ((await reader?.read())?.done === false);
  await expect.poll(cells, { timeout }).toEqual(own);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await sidewaysOverflow(page)).toBe(0);
});

it("says that the hub lists no clients, and that a token lacks the right", async () => {
  const hub = await startHub({ env: { PHAROS_TOKEN_SECRET: secret } });
  const page = await (await startChromium()).openPage(`${hub.httpUrl}/#view=clients`);
  await expect
    .poll(() => page.locator("#clients-note").textContent(), { timeout })
    .toBe("This hub does not list its clients: its setting subscriptions is off.");
  await page.locator("#disconnect-subject").fill("users/ada");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await expect.poll(() => page.locator("#disconnected").textContent(), { timeout }).toMatch(/token/);
});
