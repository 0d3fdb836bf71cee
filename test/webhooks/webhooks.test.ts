import { expect, test } from "vitest";

import { systemClock } from "../../src/app/system-clock.js";
import type { Clock } from "../../src/base/clock.js";
import { MetricsRegistry } from "../../src/monitoring/metrics-registry.js";
import { Webhooks } from "../../src/webhooks/webhooks.js";
import { atTestEnd } from "../support/on-end.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { waitFor } from "../support/wait-for.js";
import { WebhookReceiver } from "../support/webhook-receiver.js";

const alice = {
  subject: "alice",
  filters: ["news/#"],
  address: "203.0.113.7",
  front: "http",
  transport: "event-stream",
} as const;

interface Site {
  readonly receiver: WebhookReceiver;
  readonly webhooks: Webhooks;
  readonly metrics: MetricsRegistry;
  readonly warnings: string[];
  readonly settings: { webhook: string | undefined; webhookSecret: string };
}

async function siteWith({
  clock = systemClock,
  webhookBytes = 1024 * 1024,
  webhooksPerSecond = 100,
}: {
  readonly clock?: Clock;
  readonly webhookBytes?: number;
  readonly webhooksPerSecond?: number;
} = {}): Promise<Site> {
  const receiver = await WebhookReceiver.start();
  const metrics = new MetricsRegistry();
  const warnings: string[] = [];
  const note = (_fields: unknown, message: string): void => void warnings.push(message);
  const settings = {
    webhook: receiver.url as string | undefined,
    webhookSecret: receiver.secret,
    limits: { webhookBytes, webhooksPerSecond },
  };
  const logger = { debug: note, info: note, warn: note, error: note };
  const webhooks = new Webhooks({ settings, node: "a:1", clock, logger, metrics });
  return { receiver, webhooks, metrics, warnings, settings };
}

/** Moves the clock to its next timer, again and again, until the condition is true. */
async function moveUntil(clock: VirtualClock, isReached: () => boolean, missing: string): Promise<void> {
  await waitFor(
    () => {
      if (isReached()) return true;
      const ms = clock.untilNextMs();
      if (Number.isFinite(ms)) clock.advance(ms);
      return false;
    },
    { within: 60_000, missing },
  );
}

test("a receiver gets the begin and the end of a stream in signed messages", async () => {
  const { receiver, webhooks, metrics } = await siteWith();
  const ended = webhooks.subscribed(alice);
  const begin = await receiver.event({ event: "subscribe" });
  expect(begin).toMatchObject({ ...alice, node: "a:1" });
  expect(Date.parse(String(begin["time"]))).toBeGreaterThan(0);
  ended("left");
  const end = await receiver.event({ event: "leave" });
  expect(end).toMatchObject({ ...alice, client: begin["client"], reason: "left" });
  expect(end["seconds"]).toBeGreaterThanOrEqual(0);
  expect(receiver.messages.every(({ isSigned }) => isSigned)).toBe(true);
  await webhooks.close();
  expect(metrics.snapshot()).toMatchObject({ "webhooks_total{result=delivered}": 2 });
});

test("events that come together are one message", async () => {
  const { receiver, webhooks } = await siteWith();
  for (let stream = 0; stream < 50; stream += 1) webhooks.subscribed(alice);
  await receiver.hasMessages(1);
  expect(receiver.messages[0]?.events).toHaveLength(50);
  await webhooks.close();
});

test("the hub sends as many messages a second as the limit allows", async () => {
  const clock = new VirtualClock();
  const { receiver, webhooks } = await siteWith({ clock, webhooksPerSecond: 2 });
  for (let stream = 0; stream < 3; stream += 1) webhooks.subscribed(alice);
  for (let message = 1; message <= 3; message += 1) {
    // While the hub sends a message, its next timer is the limit of the answer.
    await waitFor(() => clock.untilNextMs() === 500, { within: 60_000, missing: "the wait of the hub" });
    clock.advance(499);
    expect(receiver.messages).toHaveLength(message - 1);
    clock.advance(1);
    webhooks.subscribed(alice);
    await receiver.hasMessages(message);
  }
  expect(receiver.messages.map(({ events }) => events.length)).toEqual([3, 1, 1]);
  await webhooks.close();
});

test("after a status of 500 and after a broken connection, the hub sends the same message again", async () => {
  const { receiver, webhooks } = await siteWith();
  receiver.answering = (response) => void response.writeHead(500).end();
  webhooks.subscribed(alice);
  await receiver.hasMessages(1);
  receiver.answering = (_response, request) => request.socket.destroy();
  await receiver.hasMessages(2);
  receiver.accept();
  await receiver.hasMessages(3);
  expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(1);
  expect(receiver.messages.every(({ isSigned, events }) => isSigned && events.length === 1)).toBe(true);
  await webhooks.close();
});

test("a receiver that never answers costs a bounded queue, and learns the number of dropped events", async () => {
  const clock = new VirtualClock();
  const { receiver, webhooks, metrics, warnings } = await siteWith({ clock, webhookBytes: 2000 });
  receiver.answering = () => undefined;
  webhooks.subscribed(alice);
  clock.advance(1000);
  await receiver.hasMessages(1);
  for (let stream = 0; stream < 1000; stream += 1) {
    webhooks.subscribed(alice);
    expect(webhooks.bytes).toBeLessThanOrEqual(2000);
  }
  const dropped = metrics.snapshot()["webhook_events_dropped_total{reason=full}"] ?? 0;
  expect(dropped).toBeGreaterThan(900);
  expect(warnings.some((message) => message.includes("drops events"))).toBe(true);
  receiver.accept();
  const told = (): unknown => receiver.events.find(({ event }) => event === "missed")?.["missed"];
  await moveUntil(clock, () => told() !== undefined, "the receiver was not told of the dropped events");
  expect(told()).toBe(dropped);
  await webhooks.close();
  expect(clock.timers).toBe(0);
});

test("after eight attempts the hub drops a message, and tells of its events in the next one", async () => {
  const clock = new VirtualClock();
  const { receiver, webhooks, metrics } = await siteWith({ clock });
  receiver.answering = (response) => void response.writeHead(500).end();
  webhooks.subscribed(alice);
  const dropped = (): number => metrics.snapshot()["webhook_events_dropped_total{reason=failed}"] ?? 0;
  await moveUntil(clock, () => dropped() === 1, "the message was not dropped");
  const attempts = Object.entries(metrics.snapshot()).filter(([name]) => name.startsWith("webhooks_total"));
  expect(attempts.reduce((sum, [, count]) => sum + count, 0)).toBe(8);
  receiver.accept();
  webhooks.subscribed(alice);
  const told = (): boolean => receiver.events.some(({ event }) => event === "missed");
  await moveUntil(clock, told, "no further message");
  expect(receiver.messages.at(-1)?.events).toMatchObject([
    { event: "missed", missed: 1 },
    { event: "subscribe" },
  ]);
  await webhooks.close();
});

test("a stop sends what waits, and waits three seconds at most for a receiver that hangs", async () => {
  const good = await siteWith();
  const ended = good.webhooks.subscribed(alice);
  ended("stopping");
  await good.webhooks.close();
  expect(good.receiver.events).toMatchObject([
    { event: "subscribe" },
    { event: "leave", reason: "stopping" },
  ]);

  const clock = new VirtualClock();
  const { receiver, webhooks, metrics } = await siteWith({ clock });
  receiver.answering = () => undefined;
  webhooks.subscribed(alice);
  const closed = webhooks.close();
  await receiver.hasMessages(1);
  const before = clock.monotonic();
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  await moveUntil(clock, () => isClosed, "the stop did not end");
  expect(clock.monotonic() - before).toBeLessThanOrEqual(3000);
  expect(metrics.snapshot()["webhook_events_dropped_total{reason=failed}"]).toBe(1);
});

test("the URL and the secret can change", async () => {
  const { receiver, webhooks, settings } = await siteWith();
  const other = await WebhookReceiver.start();
  atTestEnd(() => webhooks.close());
  const ended = webhooks.subscribed(alice);
  await receiver.hasMessages(1);
  settings.webhook = other.url;
  settings.webhookSecret = other.secret;
  ended("left");
  await other.hasMessages(1);
  expect(other.messages).toMatchObject([{ isSigned: true, events: [{ event: "leave" }] }]);
  settings.webhook = undefined;
  expect(webhooks.isOn).toBe(false);
});
