import { expect, test } from "vitest";
import { startChromium } from "../support/chromium.js";
import type { HubProcess } from "../support/hub-process.js";
import { adminOf, hubsAt, startNode, untilListed } from "../support/listed-hubs.js";
import { startNatsServer } from "../support/nats-server.js";
import { expectNoFindings } from "../support/page-findings.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

async function statusOfPublish(hub: HubProcess, body: string): Promise<number> {
  return (await fetch(`${hub.httpUrl}/publish/news`, { method: "POST", body })).status;
}

test("each hub lists all hubs, on the operator page too, until one of them stops", async () => {
  const server = await startNatsServer({});
  const first = await startNode("first", server.address);
  const second = await startNode("second", server.address);
  for (const hub of [first, second]) await untilListed(hub, ["first", "second"]);
  const [atFirst, atSecond] = [await hubsAt(first), await hubsAt(second)];
  expect(atFirst.map(({ state, self }) => [state, self])).toEqual([
    ["ok", true],
    ["ok", false],
  ]);
  expect(atSecond.map(({ node }) => node)).toEqual(atFirst.map(({ node }) => node));
  const metrics = await (await fetch(`${adminOf(first)}/metrics`)).text();
  expect(metrics).toContain("\npharos_journal_nodes 2\n");
  const browser = await startChromium();
  const page = await browser.openPage(adminOf(first));
  await page.locator("#nodes tr", { hasText: /^first \(this hub\)ok/ }).waitFor({ timeout: within });
  await page.locator("#nodes tr", { hasText: /^secondok/ }).waitFor({ timeout: within });
  await expectNoFindings(page);
  await second.stop();
  await untilListed(first, ["first"]);
});

test("a hub that was stopped refuses publications until it has what the other hub stored meanwhile", async () => {
  const server = await startNatsServer({});
  const proxy = await startTcpProxy({ target: server.port });
  const first = await startNode("first", server.address);
  const second = await startNode("second", `127.0.0.1:${proxy.port}`);
  expect(await statusOfPublish(second, "before")).toBe(200);
  second.signal("SIGSTOP");
  // What the hub misses arrives only later, so that the request comes first.
  proxy.stall();
  expect(await statusOfPublish(first, "meanwhile")).toBe(200);
  const refused = statusOfPublish(second, "too early");
  await new Promise((resolve) => setTimeout(resolve, 4000));
  second.signal("SIGCONT");
  expect(await refused).toBe(503);
  proxy.resume();
  const accepted = async (): Promise<boolean> => (await statusOfPublish(second, "later")) === 200;
  await waitFor(accepted, { within, missing: "a publication that the hub accepts" });
});
