import type { CDPSession, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startChromium } from "../../support/chromium.js";
import type { HubProcess } from "../../support/hub-process.js";
import { startHttp2Hub } from "../../support/http2/hub.js";
import { metric } from "../../support/hub-metric.js";
import { connectPublisher } from "../../support/publisher.js";
import { waitFor } from "../../support/wait-for.js";

const within = 60_000;
const streams = 200;
/** The publications for all streams. Each stream also gets some of its own. */
const common = 100;
const own = 5;

/** The answers that the page has got, as the browser's network panel knows them. */
class Answers {
  readonly #connections = new Map<string, Set<number>>();
  #count = 0;

  constructor(network: CDPSession) {
    network.on("Network.responseReceived", ({ response }) => {
      if (!response.url.includes("/esupdates")) return;
      this.#count += 1;
      const protocol = response.protocol ?? "unknown";
      const connections = this.#connections.get(protocol) ?? new Set();
      this.#connections.set(protocol, connections.add(response.connectionId));
    });
  }

  get count(): number {
    return this.#count;
  }

  /** How many connections each protocol has used. */
  get connections(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#connections].map(([protocol, ids]) => [protocol, ids.size]));
  }
}

/** Opens event streams in the page. Each follows the topic `all` and one of its own. */
async function openStreams(page: Page): Promise<void> {
  await page.evaluate((count) => {
    const received: string[][] = [];
    Object.assign(globalThis, { received });
    for (let index = 0; index < count; index += 1) {
      const events: string[] = [];
      received.push(events);
      const source = new EventSource(`/esupdates?topic=all&topic=own/${index}`);
      source.addEventListener("message", ({ data }: MessageEvent<string>) => events.push(data));
      source.addEventListener("error", () => events.push("error"));
    }
  }, streams);
}

function receivedIn(page: Page): Promise<readonly (readonly string[])[]> {
  return page.evaluate(() => Reflect.get(globalThis, "received") as string[][]);
}

/** Publishes everything. Returns what each stream has to get, in order. */
async function publishAll(hub: HubProcess): Promise<readonly (readonly string[])[]> {
  const publisher = connectPublisher(hub.ingest);
  const expected: string[][] = Array.from({ length: streams }, () => []);
  for (let round = 0; round < common; round += 1) {
    await publisher.send(["all", `all ${round}`]);
    for (const events of expected) events.push(`all ${round}`);
    if (round % (common / own) !== 0) continue;
    for (const [index, events] of expected.entries()) {
      await publisher.send([`own/${index}`, `${index} ${round}`]);
      events.push(`${index} ${round}`);
    }
  }
  return expected;
}

describe.each([0, 2])("with %i workers", (workers) => {
  test("200 event streams of one page in Chromium use one connection, and each gets every event once and in order", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const chromium = await startChromium({ ignoreHttpsErrors: true });
    const page = await chromium.openPage(`https://127.0.0.1:${hub.httpPort}/healthz`);
    const network = await page.context().newCDPSession(page);
    const answers = new Answers(network);
    await network.send("Network.enable");
    await openStreams(page);
    await waitFor(() => answers.count === streams, {
      within,
      missing: () => `only ${answers.count} streams have an answer`,
    });
    expect(answers.connections).toEqual({ h2: 1 });
    const protocols = await page.evaluate(() =>
      performance
        .getEntriesByType("navigation")
        .map((entry) => Reflect.get(entry, "nextHopProtocol") as string),
    );
    expect(protocols).toEqual(["h2"]);

    const expected = await publishAll(hub);
    const wanted = expected.reduce((sum, events) => sum + events.length, 0);
    let count = 0;
    await waitFor(
      async () => {
        count = (await receivedIn(page)).reduce((sum, events) => sum + events.length, 0);
        return count >= wanted;
      },
      { within, everyMs: 200, missing: () => `${wanted - count} of ${wanted} events` },
    );
    expect(await receivedIn(page)).toEqual(expected);
    expect(answers.count).toBe(streams);

    await page.close();
    await waitFor(async () => (await metric(hub, 'pharos_connections{front="http"}')) === 0, {
      within,
      missing: "the end of the streams of a closed page",
    });
  });
});
