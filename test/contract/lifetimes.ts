import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type ClientStream,
  freshTopic,
  openStream,
  openStreams,
  type ReceivedEvent,
  untilStreams,
  within,
} from "./client.js";
import { type Contract, keptPerTopic } from "./sites.js";
import { slowReader } from "./differences.js";
import { requestBytes } from "./http-text.js";
import { startSite, type Site } from "./site.js";
import { waitFor } from "../support/wait-for.js";

export function testLifetimes(contract: Contract): void {
  testLeaving(contract);
  testSlowReaders(contract);
  testStalled(contract);
  testQuietAndStopped(contract);
}

function testLeaving({ site }: Contract): void {
  describe("a client that leaves", () => {
    it.each([
      { how: "by closing", leave: (stream: ClientStream) => stream.connection.close() },
      { how: "by a reset", leave: (stream: ClientStream) => stream.connection.close({ reset: true }) },
      {
        how: "by saying that it will send no more",
        leave: (stream: ClientStream) => stream.connection.endWriting(),
      },
    ])("$how is forgotten at once", async ({ leave }) => {
      await untilStreams(site(), 0);
      const stream = await openStream(site(), { query: `topic=${freshTopic()}` });
      expect(await openStreams(site())).toBe(1);
      leave(stream);
      await untilStreams(site(), 0);
    });

    it("after a request with a body is forgotten at once", async () => {
      // The body was left unread, which stopped the reading of the socket: nobody saw the client leave.
      await untilStreams(site(), 0);
      const connection = await site().connect();
      const body = "b".repeat(20_000);
      connection.write(requestBytes({ headers: { "Content-Length": String(body.length) }, body }).repeat(2));
      await connection.readUntil("\n\n", { within });
      expect(await openStreams(site())).toBe(1);
      connection.close();
      await untilStreams(site(), 0);
    });

    it("in the middle of a delivery is no other's loss", async () => {
      const topic = freshTopic();
      const [stays, leaves] = [
        await openStream(site(), { query: `topic=${topic}` }),
        await openStream(site(), { query: `topic=${topic}` }),
      ];
      const pad = "x".repeat(2000);
      for (let n = 1; n <= 400; n++) {
        await site().publish({ topics: [topic], data: `${n} ${pad}` });
        if (n === 200) leaves.close();
      }
      const numbers = (await stays.until(`400 ${pad}`)).map(({ data }) => Number(data?.split(" ")[0]));
      expect(numbers).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
    });
  });
}

function testSlowReaders({ front, site, smallSite }: Contract): void {
  describe("a client that does not read for a while", () => {
    it("gets everything in order, once", async () => {
      const { events, reconnects } = await readLate(site());
      expect(events.map(numberOf)).toEqual(Array.from({ length: late.count }, (_, index) => index + 1));
      expect(reconnects === 0 ? "kept" : "closed").toBe(slowReader[front]);
    });

    it("gets the same in gzip, which it decodes whatever it has missed of the rounds", async () => {
      const { events, reconnects } = await readLate(site(), inGzip);
      expect(events.map(numberOf)).toEqual(Array.from({ length: late.count }, (_, index) => index + 1));
      expect(reconnects === 0 ? "kept" : "closed").toBe(slowReader[front]);
    });

    it("is told its gap where history has moved past it", async () => {
      const { events, reconnects } = await readLate(smallSite());
      const reasons = events.flatMap(({ event, data }) => (event === "pharos-gap" ? [reasonOf(data)] : []));
      expect(new Set(reasons)).toEqual(new Set(["evicted"]));
      expect(untoldHoles(events)).toEqual([]);
      const last = events.slice(-keptPerTopic).map(numberOf);
      expect(last).toEqual(
        Array.from({ length: keptPerTopic }, (_, index) => late.count - keptPerTopic + 1 + index),
      );
      expect(reconnects === 0 ? "kept" : "closed").toBe(slowReader[front]);
    });
  });
}

function testStalled({ front }: Contract): void {
  describe("a client that never reads again", () => {
    it("is cut, whatever is still on its way to it", async () => {
      const site = await startSite(front, { settings: { PHAROS_LIMITS_STALL_SECONDS: "1" } });
      const topic = freshTopic();
      const stream = await openStream(site, { query: `topic=${topic}` });
      stream.connection.pause();
      for (let n = 1; n <= late.first; n++)
        await site.publish({ topics: [topic], data: `${n} ${plain.padding}` });
      await untilStreams(site, 0);
      stream.connection.resume();
      await stream.connection.readToEnd({ within });
      expect(stream.connection.length).toBeLessThan(late.first * late.bytes);
    });
  });
}

function testQuietAndStopped({ front, smallSite }: Contract): void {
  describe("a quiet stream", () => {
    it("gets heartbeats, each with the present position", async () => {
      const stream = await openStream(smallSite(), { query: `topic=${freshTopic()}` });
      const beats = (): readonly string[] =>
        [...stream.body.matchAll(/:\n(id: #[^\n]+)\n\n/g)].map(([, id]) => id ?? "");
      await waitFor(() => beats().length > 0, { within, missing: "no heartbeat has come" });
      const position = await smallSite().publish({ topics: [freshTopic()], data: "elsewhere" });
      await waitFor(() => beats().at(-1) === `id: ${position}`, {
        within,
        missing: () => `the last heartbeat says ${beats().at(-1)}, not ${position}`,
      });
      expect(stream.events).toEqual([]);
    });
  });

  describe("a hub that stops in order", () => {
    it("ends its streams after what was published, and at once", async () => {
      const site = await startSite(front);
      const topic = freshTopic();
      const streams = await Promise.all([1, 2, 3].map(() => openStream(site, { query: `topic=${topic}` })));
      await site.publish({ topics: [topic], data: "the last" });
      await site.stop();
      for (const stream of streams) {
        await stream.connection.readToEnd({ within });
        expect(stream.events.map(({ data }) => data)).toEqual(["the last"]);
        expect(stream.body.endsWith("\n\n")).toBe(true);
        expect(stream.connection.error).toBeUndefined();
      }
    });
  });
}

/**
 * The first 16 MB are more than the kernel keeps for a connection that is not read, whose two buffers grow to 6 and 4 MB;
 * the rest is published when the client is behind.
 */
const late = { first: 512, count: 576, bytes: 32 * 1024 };

interface LateClient {
  readonly headers: Readonly<Record<string, string>>;
  /** What each publication is filled up with. */
  readonly padding: string;
}

const plain: LateClient = { headers: {}, padding: "x".repeat(late.bytes) };

/** Its padding shrinks by a quarter: a megabyte of one letter would not fill a socket. */
const inGzip: LateClient = {
  headers: { "Accept-Encoding": "gzip" },
  padding: randomBytes(late.bytes).toString("base64").slice(0, late.bytes),
};

interface LateReading {
  readonly events: readonly ReceivedEvent[];
  /** How often the client was closed and came back with its last id. */
  readonly reconnects: number;
}

/** Opens a stream, reads nothing until everything is published, then reads it all as a browser would. */
async function readLate(site: Site, client = plain): Promise<LateReading> {
  const topic = freshTopic();
  const query = `topic=${topic}`;
  // Streams of earlier tests would be missing later, as if this one had been closed.
  await untilStreams(site, 0);
  const { headers, padding } = client;
  let stream = await openStream(site, { query, headers });
  const laggards = site.figure("laggards_total");
  stream.connection.pause();
  const publish = (n: number) => site.publish({ topics: [topic], data: `${n} ${padding}` });
  for (let n = 1; n <= late.first; n++) await publish(n);
  await waitFor(async () => site.figure("laggards_total") > laggards || (await openStreams(site)) === 0, {
    within: 2 * within,
    missing: "the client that does not read is neither left behind nor closed",
  });
  for (let n = late.first + 1; n <= late.count; n++) await publish(n);
  stream.connection.resume();
  const events: ReceivedEvent[] = [];
  for (let reconnects = 0; ; reconnects++) {
    const end = await untilCompleteOrClosed(site, stream, `data: ${late.count} ${padding}\n\n`);
    events.push(...stream.events);
    if (end === "complete") return { events, reconnects };
    const resuming = { ...headers, "Last-Event-ID": stream.lastId ?? "" };
    stream = await openStream(site, { query, headers: resuming });
  }
}

/** Longer than the 30 s after which the link takes credits for lost, which Mongrel2 does lose now and then. */
const lateWithin = 45_000;

async function untilCompleteOrClosed(
  site: Site,
  stream: ClientStream,
  last: string,
): Promise<"complete" | "closed"> {
  const { connection } = stream;
  return waitFor(
    () => {
      // A heartbeat may have come behind it.
      if (stream.body.slice(-2 * last.length).includes(last)) return "complete";
      return connection.closed ? "closed" : undefined;
    },
    {
      within: lateWithin,
      missing: () => {
        const figures = [
          "laggards_total",
          "connections_cut_total",
          "credits_lost_total",
          "fences_late_total",
        ];
        const known = figures.map((name) => `${name} ${site.figure(name)}`).join(", ");
        return `the last event has not come, but ${connection.length} bytes; ${known}`;
      },
    },
  );
}

/** Where a number does not follow the one before it, and no gap event stands between them. */
function untoldHoles(events: readonly ReceivedEvent[]): readonly string[] {
  return events.flatMap((event, index) => {
    const before = events[index - 1];
    if (before === undefined || before.event !== undefined || event.event !== undefined) return [];
    return numberOf(event) === numberOf(before) + 1 ? [] : [`${numberOf(before)} to ${numberOf(event)}`];
  });
}

function reasonOf(data = ""): string {
  return (JSON.parse(data) as { readonly reason: string }).reason;
}

function numberOf({ data }: ReceivedEvent): number {
  return Number(data?.split(" ")[0]);
}
