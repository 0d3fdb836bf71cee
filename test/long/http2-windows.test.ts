import { describe, expect, test } from "vitest";
import type { Push } from "zeromq";
import type { HubProcess } from "../support/hub-process.js";
import { metric } from "../support/hub-metric.js";
import { defaultWindow, settingIds, windowUpdate } from "../support/http2/frames.js";
import { startHttp2Hub } from "../support/http2/hub.js";
import { connectHttp2, type RawHttp2 } from "../support/http2/raw-client.js";
import type { RawStream } from "../support/http2/raw-stream.js";
import { untilNothingHeld } from "../support/nothing-held.js";
import { connectPublisher } from "../support/publisher.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

/** The data of publication `index`, of this length. */
function dataOf(index: number, bytes: number): string {
  return `${index} `.padEnd(bytes, "x");
}

function dataFrom(first: number, count: number, bytes: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => dataOf(first + index, bytes));
}

async function publish(hub: HubProcess, topic: string, data: readonly string[]): Promise<void> {
  await publishWith(connectPublisher(hub.ingest), topic, data);
}

async function publishWith(publisher: Push, topic: string, data: readonly string[]): Promise<void> {
  for (const each of data) await publisher.send([topic, each]);
}

async function openStreams(
  client: RawHttp2,
  count: number,
  path = "/esupdates?topic=a",
): Promise<readonly RawStream[]> {
  const streams: RawStream[] = [];
  for (let opened = 0; opened < count; opened += 1) streams.push(await client.openStream(path));
  return streams;
}

async function untilMetric(hub: HubProcess, name: string, value: number): Promise<void> {
  let seen = Number.NaN;
  await waitFor(
    async () => {
      seen = await metric(hub, name);
      return seen === value;
    },
    { within, missing: () => `${name} is ${seen}, not ${value}` },
  );
}

/** Unlike the resident memory, the bytes of buffers do not depend on when the garbage is collected. */
const bufferBytes = "nodejs_external_memory_bytes";
const laggards = "pharos_laggards";
const cutBecause = (reason: string): string => `pharos_connections_cut_total{reason="${reason}"}`;

describe.each([0, 2])("with %i workers", (workers) => {
  test("a stream that nobody reads does not delay the others of its connection, and gets everything later", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const client = await connectHttp2({ port: hub.httpPort });
    const others = await openStreams(client, 5);
    const unread = await client.openStream("/esupdates?topic=a");
    client.hold(unread);
    const data = dataFrom(0, 300, 1000);
    await publish(hub, "a", data);
    for (const stream of others) expect(await client.untilEvent(stream, data.at(-1)!)).toEqual(data);
    await untilMetric(hub, laggards, 1);
    // A little more than half of the window may be on its way.
    expect(unread.held).toBeGreaterThan(defaultWindow / 2 - 2000);
    expect(unread.held).toBeLessThanOrEqual(defaultWindow / 2 + 1);

    client.read(unread);
    expect(await client.untilEvent(unread, data.at(-1)!)).toEqual(data);
    expect(unread.text).not.toContain("pharos-gap");
    await untilMetric(hub, laggards, 0);
    const next = dataFrom(300, 100, 1000);
    await publish(hub, "a", next);
    for (const stream of [...others, unread])
      expect(await client.untilEvent(stream, next.at(-1)!)).toEqual([...data, ...next]);
  });

  test("a stream that nobody reads gets a gap if history has passed it", async () => {
    const config = { limits: { stallSeconds: 3600, history: { topicEvents: 50 } } };
    const hub = await startHttp2Hub({ workers, admin: "0", config });
    const client = await connectHttp2({ port: hub.httpPort });
    const [other] = await openStreams(client, 1);
    const unread = await client.openStream("/esupdates?topic=a");
    client.hold(unread);
    // Workers keep the last rounds, beside history.
    const data = dataFrom(0, 1000, 10_000);
    // A client that reads must not miss any, so it gets them in parts that are smaller than history.
    const publisher = connectPublisher(hub.ingest);
    for (let from = 0; from < data.length; from += 40) {
      const part = data.slice(from, from + 40);
      await publishWith(publisher, "a", part);
      await client.untilEvent(other!, part.at(-1)!);
    }
    expect(other!.events).toEqual(data);
    client.read(unread);
    const received = await client.untilEvent(unread, data.at(-1)!);
    expect(unread.text).toContain("event: pharos-gap\n");
    const gap = received.findIndex((each) => each.startsWith("{"));
    expect(gap).toBeGreaterThan(0);
    expect(received.slice(0, gap)).toEqual(data.slice(0, gap));
    // History has the last 50 publications; some rounds that began before may add to them.
    const rest = received.slice(gap + 1);
    expect(rest.length).toBeGreaterThanOrEqual(50);
    expect(rest).toEqual(data.slice(-rest.length));
  });

  test("200 unread streams wait without copies, and lose nothing", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const client = await connectHttp2({
      port: hub.httpPort,
      settings: [[settingIds.initialWindowSize, 20_000]],
    });
    client.send(windowUpdate(0, 2 ** 26));
    const streams = await openStreams(client, 200);
    for (const stream of streams) client.hold(stream);
    const before = await metric(hub, bufferBytes);
    // One round has at most 256 KiB.
    const data = dataFrom(0, 256, 1024);
    await publish(hub, "a", data);
    await waitFor(() => streams.every(({ received }) => received > 9000), {
      within,
      missing: () => `bytes of ${streams.filter(({ received }) => received <= 9000).length} streams`,
    });
    await untilMetric(hub, laggards, 200);
    // Copies would need 50 MiB. The buffers of workers have no metric: with workers, these are those of the hub itself.
    expect((await metric(hub, bufferBytes)) - before).toBeLessThan(20 * 2 ** 20);
    expect(client.farewell).toBeUndefined();

    for (const stream of streams) client.read(stream);
    for (const stream of streams) expect(await client.untilEvent(stream, data.at(-1)!)).toEqual(data);
    await untilMetric(hub, laggards, 0);
  });

  test("a stream that accepts nothing for limits.stallSeconds is reset, and the others go on", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0", config: { limits: { stallSeconds: 2 } } });
    const client = await connectHttp2({ port: hub.httpPort });
    const [other] = await openStreams(client, 1);
    const unread = await client.openStream("/esupdates?topic=a");
    client.hold(unread);
    const data = dataFrom(0, 100, 1000);
    await publish(hub, "a", data);
    await client.until(() => unread.reset !== undefined, "RST_STREAM");
    expect(unread.reset).toBe("CANCEL");
    await untilMetric(hub, cutBecause("stalled"), 1);
    await publish(hub, "a", ["later"]);
    expect(await client.untilEvent(other!, "later")).toEqual([...data, "later"]);
  });

  test("a connection whose window unread streams have used up is closed after limits.stallSeconds, and counted", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0", config: { limits: { stallSeconds: 3 } } });
    const client = await connectHttp2({ port: hub.httpPort });
    const neighbour = await connectHttp2({ port: hub.httpPort });
    const [watcher] = await openStreams(neighbour, 1);
    const unread = await openStreams(client, 4);
    for (const stream of unread) client.hold(stream);
    const data = dataFrom(0, 100, 1000);
    await publish(hub, "a", data);
    const sum = (): number => unread.reduce((all, { received }) => all + received, 0);
    await client.until(() => sum() > defaultWindow - 1000, "the whole window");
    // The hub resets the unread streams after this time. The window stays used up, so no answer comes through.
    client.request("/healthz");
    await client.untilClosed();
    expect(client.farewell?.error).toBe("ENHANCE_YOUR_CALM");
    await untilMetric(hub, cutBecause("http2-window"), 1);
    expect(await neighbour.untilEvent(watcher!, data.at(-1)!)).toEqual(data);
    neighbour.close();
    await untilNothingHeld(hub, { within });
  });

  test("the connection's window may be used up for a while", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const client = await connectHttp2({ port: hub.httpPort, reads: false });
    const streams = await openStreams(client, 4);
    const data = dataFrom(0, 200, 1000);
    await publish(hub, "a", data);
    const sum = (): number => [...client.streams.values()].reduce((all, { received }) => all + received, 0);
    await client.until(() => sum() === defaultWindow, "the whole window");
    client.read();
    for (const stream of streams) expect(await client.untilEvent(stream, data.at(-1)!)).toEqual(data);
  });
});
