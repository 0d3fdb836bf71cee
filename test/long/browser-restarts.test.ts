import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { BrowserSubscriber } from "../chaos/clients/browser-subscriber.js";
import { CallNumbers } from "../chaos/clients/call-numbers.js";
import { ChaosPublisher } from "../chaos/clients/http-publisher.js";
import { Recorder } from "../chaos/history/recorder.js";
import { ChaosHub } from "../chaos/site/chaos-hub.js";
import { startNatsServer } from "../support/nats-server.js";
import { startNginx } from "../support/nginx.js";
import { randomOf } from "../support/storm/storm-topics.js";
import { currentToken } from "../support/token.js";

const topic = "news";
const within = 120_000;
const faults = 5;

const ways = ["directly", "behind nginx"] as const;
type Way = (typeof ways)[number];

interface Site {
  readonly hub: ChaosHub;
  readonly recorder: Recorder;
  readonly page: BrowserSubscriber;
  /** Publishes at the hub itself. Returns the data. */
  readonly publish: () => Promise<string>;
}

/** A page with an `EventSource`, and no library, that follows a hub. */
async function openSite(
  journal: string,
  { way, outlastsRestarts = true }: { way: Way; outlastsRestarts?: boolean },
): Promise<Site> {
  const hub = await ChaosHub.start({ args: ["--journal", journal], onEnd: onTestFinished });
  const recorder = new Recorder();
  const origin = way === "directly" ? `http://localhost:${hub.port}` : await nginxOf(hub, outlastsRestarts);
  const page = new BrowserSubscriber({ origin, topic, recorder });
  await page.start();
  onTestFinished(() => page.stop());
  const url = (): string => `http://127.0.0.1:${hub.port}`;
  const token = await currentToken({ publish: ["*"] });
  const shared = { recorder, topics: [topic], token, calls: new CallNumbers(), random: randomOf(1), url };
  const publisher = new ChaosPublisher({ ...shared, name: "a1", paceMs: 20 });
  return { hub, recorder, page, publish: () => publisher.publishSurely(topic) };
}

async function nginxOf(hub: ChaosHub, outlastsRestarts: boolean): Promise<string> {
  const { port } = await startNginx({ upstream: `127.0.0.1:${hub.port}`, outlastsRestarts });
  return `https://localhost:${port}`;
}

/** All that the page has got, gaps too, in its order. */
function toldTo({ recorder }: Site): readonly string[] {
  return recorder.steps.flatMap((step) =>
    step.kind === "received" ? [step.data] : step.kind === "gap" ? [`gap: ${step.reason}`] : [],
  );
}

describe.each(ways)("Chromium's own EventSource, %s", (way) => {
  it("goes on after each kill of a hub with a journal on disk", async () => {
    const site = await openSite("disk:journal", { way });
    const sent = [await site.publish()];
    for (let kill = 1; kill <= faults; kill += 1) {
      await site.hub.end("SIGKILL");
      // The browser meets the hub's absence a few times.
      await delay(2000);
      await site.hub.begin();
      sent.push(await site.publish());
      await site.page.has(sent.at(-1) ?? "", { within });
      sent.push(await site.publish());
    }
    await site.page.has(sent.at(-1) ?? "", { within });
    expect(toldTo(site)).toEqual(sent);
  });

  it("goes on after each outage of the hub's engine", async () => {
    const engine = await startNatsServer();
    const site = await openSite(`nats://${engine.address}/outages`, { way });
    const sent = [await site.publish()];
    for (let outage = 1; outage <= faults; outage += 1) {
      await engine.kill();
      await delay(2000);
      await engine.start();
      sent.push(await site.publish());
      await site.page.has(sent.at(-1) ?? "", { within });
    }
    expect(toldTo(site)).toEqual(sent);
  });
});

it("gives up at a 502 of an nginx without the lines for a hub that restarts", async () => {
  const site = await openSite("disk:journal", { way: "behind nginx", outlastsRestarts: false });
  await site.hub.end("SIGKILL");
  await site.page.gaveUp();
  await site.hub.begin();
  expect(toldTo(site)).toEqual([]);
});
