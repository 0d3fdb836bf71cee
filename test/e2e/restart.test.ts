import { describe, expect, it, onTestFinished } from "vitest";
import type { Page } from "playwright-core";
import type { Push } from "zeromq";
import { startChromium } from "../support/chromium.js";
import type { HubProcess } from "../support/hub-process.js";
import { again, linkTo, startHubBehind } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { connectPublisher } from "../support/publisher.js";
import { startTcpProxy } from "../support/tcp-proxy.js";

/** The source of a browser's event streams, with a way to interrupt the streams. */
interface Site {
  /** A page of the same origin without scripts. */
  readonly emptyPage: string;
  publish(data: string): Promise<void>;
  /** Disconnects all clients, runs `meanwhile`, and then allows the clients to reconnect. */
  interrupt(meanwhile?: () => Promise<void>): Promise<void>;
}

const retry = ["--retry", "300"];

async function publish(push: Push, data: string): Promise<void> {
  await push.send(["broadcast", data]);
}

/** The hub continues to run. Only the connection to the hub breaks. */
async function behindProxy(): Promise<Site> {
  const hub = await startHubBehind({ args: retry });
  const push = connectPublisher(hub.ingest);
  let proxy = await startTcpProxy({ target: hub.httpPort });
  const { port } = proxy;
  return {
    emptyPage: `http://127.0.0.1:${port}/healthz`,
    publish: (data) => publish(push, data),
    interrupt: async (meanwhile) => {
      await proxy.close();
      await meanwhile?.();
      proxy = await startTcpProxy({ target: hub.httpPort, port });
    },
  };
}

/** The test kills the server that holds the connections, and starts this server again. The hub continues to run. */
async function behindMongrel2(mode: "shipped" | "stock"): Promise<Site> {
  const server = await startMongrel2({ mode });
  onTestFinished(() => server.stop());
  const hub = await startHubBehind({ mongrel2: [linkTo(server)], args: retry });
  const push = connectPublisher(hub.ingest);
  return {
    emptyPage: `http://localhost:${server.port}/healthz`,
    publish: (data) => publish(push, data),
    interrupt: async (meanwhile) => {
      await server.kill();
      await meanwhile?.();
      await server.restart();
    },
  };
}

/** Opens an EventSource and records its events as texts. */
async function openStream(site: Pick<Site, "emptyPage">): Promise<Page> {
  const browser = await startChromium();
  const page = await browser.openPage(site.emptyPage);
  await page.evaluate(() => {
    const told: string[] = [];
    const source = new EventSource("/esupdates");
    source.addEventListener("open", () => told.push("open"));
    source.addEventListener("error", () => told.push(`error ${source.readyState}`));
    source.addEventListener("message", ({ data }) => told.push(`message ${data}`));
    source.addEventListener("pharos-gap", ({ data }) => told.push(`gap ${data}`));
    Object.assign(globalThis, { told });
  });
  return page;
}

async function told(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
}

/** Waits until the page has recorded the text `word` as often as `times` says. */
async function until(page: Page, word: string, times = 1): Promise<void> {
  await page.waitForFunction(
    ({ word, times }) =>
      (globalThis as unknown as { told: string[] }).told.filter((told) => told === word).length >= times,
    { word, times },
    { timeout: 60_000 },
  );
}

async function messages(page: Page): Promise<readonly string[]> {
  return (await told(page)).filter((word) => !word.startsWith("open") && !word.startsWith("error"));
}

const sites = [
  { name: "the HTTP front", start: behindProxy },
  { name: "Mongrel2 as shipped", start: () => behindMongrel2("shipped") },
  { name: "a stock Mongrel2", start: () => behindMongrel2("stock") },
] as const;

describe.each(sites)("a browser's EventSource at $name", ({ start }) => {
  it("gets events, and after a lost connection the missed ones, once and in order", async () => {
    const site = await start();
    const page = await openStream(site);
    await until(page, "open");
    await site.publish("one");
    await until(page, "message one");
    await site.interrupt(async () => {
      await site.publish("two");
      await site.publish("three");
    });
    await until(page, "message three");
    await site.publish("four");
    await until(page, "message four");
    expect(await messages(page)).toEqual(["message one", "message two", "message three", "message four"]);
    expect(await told(page)).toContain("error 0");
  });

  it("gets the events published while it was disconnected, even if that was before its first event", async () => {
    const site = await start();
    const page = await openStream(site);
    await until(page, "open");
    await site.interrupt(() => site.publish("first"));
    await until(page, "message first");
    await site.publish("second");
    await until(page, "message second");
    expect(await messages(page)).toEqual(["message first", "message second"]);
  });
});

describe("a browser's EventSource when the hub is killed and started again", () => {
  async function restart(hub: HubProcess, mongrel2: readonly string[]): Promise<HubProcess> {
    await hub.kill();
    return startHubBehind({ ...again(hub), mongrel2, args: retry });
  }

  it("gets a gap at the HTTP front, then live events", async () => {
    const hub = await startHubBehind({ args: retry });
    const page = await openStream({ emptyPage: `${hub.httpUrl}/healthz` });
    await until(page, "open");
    await publish(connectPublisher(hub.ingest), "before");
    await until(page, "message before");
    const next = await restart(hub, []);
    await until(page, "open", 2);
    await publish(connectPublisher(next.ingest), "after");
    await until(page, "message after");
    const [before, gap, after, ...others] = await messages(page);
    expect([before, after, others]).toEqual(["message before", "message after", []]);
    expect(gap).toContain('"reason":"other-epoch"');
  });

  it("is disconnected behind Mongrel2, which holds its connection, and gets a gap", async () => {
    const server = await startMongrel2({ mode: "shipped" });
    onTestFinished(() => server.stop());
    const mongrel2 = [linkTo(server)];
    const hub = await startHubBehind({ mongrel2, args: retry });
    const page = await openStream({ emptyPage: `http://localhost:${server.port}/healthz` });
    await until(page, "open");
    await publish(connectPublisher(hub.ingest), "before");
    await until(page, "message before");
    const next = await restart(hub, mongrel2);
    await until(page, "open", 2);
    await publish(connectPublisher(next.ingest), "after");
    await until(page, "message after");
    const [before, gap, after, ...others] = await messages(page);
    expect([before, after, others]).toEqual(["message before", "message after", []]);
    expect(gap).toContain('"reason":"other-epoch"');
  });
});
