import { describe, expect, onTestFinished, test, afterAll, beforeAll } from "vitest";
import type { Log } from "../../../src/journal/log/log.js";
import { startNatsServer, type NatsServer } from "../../support/nats-server.js";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.js";
import { waitFor } from "../../support/wait-for.js";
import { appendAll, chunksOf, collected, followed, texts } from "../log/log-site.js";
import {
  FastClock,
  mebibyte,
  natsLog,
  newStreamName,
  openNatsLog,
  operator,
  replaceStream,
} from "./nats-site.js";

const within = 60_000;
let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer({ onEnd: afterAll });
});

const openLog = (options: Parameters<typeof openNatsLog>[1] = {}) => openNatsLog([server.address], options);

/** Two open logs with one stream. */
async function twoLogs(): Promise<readonly [Log, Log, name: string]> {
  const name = newStreamName();
  return [await openLog({ name }), await openLog({ name }), name];
}

/** An open log that reaches the server through a proxy. */
async function logBehindProxy(name = newStreamName()): Promise<readonly [Log, TcpProxy]> {
  const proxy = await startTcpProxy({ target: server.port });
  return [await openNatsLog([`127.0.0.1:${proxy.port}`], { name }), proxy];
}

/** Replaces the stream by one that another hub has filled with these records. */
async function replaceRecords(name: string, records: readonly string[]): Promise<void> {
  await replaceStream([server.address], name);
  const other = await openLog({ name });
  await appendAll(other, records);
  await other.close();
}

/** Calls `recover` until the log is up. */
async function up(log: Log): Promise<void> {
  const isUp = () =>
    log.recover().then(
      () => true,
      () => false,
    );
  await waitFor(isUp, { within, everyMs: 50, missing: "the log does not recover" });
}

describe("two logs with one stream name", () => {
  test("both get the records of both, in one order", async () => {
    const [a, b] = await twoLogs();
    const [atA, atB] = [await followed(a), await followed(b)];
    await Promise.all([appendAll(a, texts(300)), appendAll(b, texts(300, 300))]);
    await Promise.all([atA.has(600), atB.has(600)]);
    expect(atB.records).toEqual(atA.records);
    const own = new Set(texts(300));
    expect(atB.texts.filter((text) => own.has(text))).toEqual(texts(300));
  });

  test("have one secret, also if both ask for it at the same time", async () => {
    const [a, b] = await twoLogs();
    const [one, other] = await Promise.all([a.secret(), b.secret()]);
    expect(one).toEqual(other);
    expect(one.length).toBe(32);
  });

  test("keep the first of two snapshots for one record", async () => {
    const [a, b, name] = await twoLogs();
    const [sequence = 0] = await appendAll(a, ["x"]);
    await a.saveSnapshot(sequence, chunksOf(Buffer.from("of a")));
    await b.saveSnapshot(sequence, chunksOf(Buffer.from("of b"), Buffer.from("and more")));
    expect(await b.snapshots()).toEqual([sequence]);
    expect(String(await collected(b.loadSnapshot(sequence)))).toBe("of a");
    const manager = await operator([server.address]);
    const chunks = await manager.streams.info(`${name}_state`, { subjects_filter: ">" });
    expect(
      Object.keys(chunks.state.subjects ?? {}).filter((subject) => subject.includes(".chunk.")),
    ).toHaveLength(1);
  });

  test("`latest` knows the records of the other one", async () => {
    const [a, b] = await twoLogs();
    const sequences = await appendAll(a, texts(10));
    expect(await Promise.all([b.latest(), b.latest()])).toEqual([sequences.at(-1), sequences.at(-1)]);
    const [later] = await appendAll(a, ["later"]);
    expect(await b.latest()).toBe(later);
  });
});

describe("a stream that does not continue", () => {
  test.each([
    {
      what: "was deleted",
      change: async (name: string) => (await operator([server.address])).streams.delete(name),
    },
    {
      what: "was deleted, and has other records by now",
      change: (name: string) => replaceRecords(name, texts(50, 1000)),
    },
    {
      what: "has lost its newest records",
      change: (name: string) => replaceRecords(name, texts(10)),
    },
    {
      what: "was emptied while the hub was cut off",
      change: async (name: string) => (await operator([server.address])).streams.purge(name),
    },
  ])("is told if it $what", async ({ change }) => {
    const name = newStreamName();
    const [log, proxy] = await logBehindProxy(name);
    const { port } = proxy;
    const follower = await followed(log);
    await appendAll(log, texts(20));
    await follower.has(20);
    await proxy.shut();
    await change(name);
    await proxy.listen(port);
    await waitFor(() => follower.restarts === 1, { within, missing: "the follower is not told" });
    expect(follower.texts).toEqual(texts(20));
    expect(log.state).toBe("unreachable");

    // The caller loads again, and goes on.
    const again = await followed(log);
    await up(log);
    await appendAll(log, ["later"]);
    await waitFor(() => again.texts.at(-1) === "later", { within, missing: "the record after the restart" });
    expect(follower.texts).toEqual(texts(20));
  });

  test("has no snapshot for records that it lost", async () => {
    const name = newStreamName();
    const log = await openLog({ name });
    const sequences = await appendAll(log, texts(20));
    const [third = 0, tenth = 0] = [sequences[2], sequences[9]];
    await log.saveSnapshot(third, chunksOf(Buffer.from("three")));
    await log.saveSnapshot(tenth, chunksOf(Buffer.from("ten")));
    await log.close();
    await replaceStream([server.address], name);
    const restored = await openLog({ name });
    await appendAll(restored, texts(5));
    expect(await restored.snapshots()).toEqual([third]);
    await appendAll(restored, texts(15, 100));
    expect(await restored.snapshots()).toEqual([third]);
  });

  // A leader that was just elected may not know its newest records yet.
  test("keeps a snapshot for a record that the engine does not know at present", async () => {
    const name = newStreamName();
    const log = await openLog({ name });
    const sequences = await appendAll(log, texts(10));
    const newest = sequences.at(-1) ?? 0;
    await log.saveSnapshot(newest, chunksOf(Buffer.from("ten")));
    await log.close();
    await replaceStream([server.address], name);
    const again = await openLog({ name });
    expect(await again.snapshots()).toEqual([]);
    await appendAll(again, texts(10));
    expect(await again.snapshots()).toEqual([newest]);
  });

  test("a record that an operator removed is told as lost", async () => {
    const name = newStreamName();
    const log = await openLog({ name });
    const sequences = await appendAll(log, texts(10));
    await log.close();
    const manager = await operator([server.address]);
    await manager.streams.deleteMessage(name, sequences[4] ?? 0);
    await manager.streams.purge(name, { seq: sequences[2] ?? 0 });
    const again = await openLog({ name });
    const follower = await followed(again);
    expect(follower.losses).toEqual([sequences[1], sequences[4]]);
    expect(follower.texts).toEqual(texts(10).filter((_, index) => index > 1 && index !== 4));
    expect(again.first).toBe(sequences[2]);
  });
});

describe("the limits of a log", () => {
  const small = { bytes: mebibyte };

  test("remove the oldest records, but none after the oldest snapshot", async () => {
    const name = newStreamName();
    const log = await openLog({ name, limits: small, clock: new FastClock() });
    const follower = await followed(log);
    const large = Array.from({ length: 300 }, () => "x".repeat(10_000));
    const sequences = await appendAll(log, large);
    await follower.has(300);
    const [early = 0] = sequences.slice(50);
    await log.saveSnapshot(early, chunksOf(Buffer.from("state")));
    await waitFor(() => log.first === early, {
      within,
      missing: "the records before the snapshot are still there",
    });
    const [late = 0] = sequences.slice(-1);
    await log.saveSnapshot(late, chunksOf(Buffer.from("state")));
    await log.removeSnapshot(early);
    await waitFor(() => log.first > early, {
      within,
      missing: "the records above the limit are still there",
    });
    expect(log.figures.bytes).toBeGreaterThanOrEqual(mebibyte * 0.9);
    expect(log.figures.bytes).toBeLessThan(mebibyte * 1.2);
    expect(log.bytesAfter(0)).toBeLessThan(mebibyte * 1.2);
    expect((await log.read(late - 1, 1)).map(({ sequence }) => sequence)).toEqual([late]);
    await log.expire(late - 1);
    const manager = await operator([server.address]);
    const stored = async () => (await manager.streams.info(name)).state.messages;
    await waitFor(async () => (await stored()) === 1, {
      within,
      missing: "the records that have expired are still there",
    });
  });

  test("remove nothing while there is no snapshot", async () => {
    const clock = new FastClock();
    const name = newStreamName();
    const log = await openLog({ name, limits: { bytes: 1 }, clock });
    const follower = await followed(log);
    await appendAll(log, texts(100));
    await follower.has(100);
    await log.expire(log.head);
    const from = clock.seconds;
    await waitFor(() => clock.seconds > from + 30, { within, missing: "the log looks at nothing" });
    const { state } = await (await operator([server.address])).streams.info(name);
    expect(state.messages).toBe(100);
  });
});

describe("opening", () => {
  test("refuses an engine whose messages are too small", async () => {
    const log = natsLog([server.address], { name: newStreamName(), leastRecordBytes: 9 * mebibyte });
    await expect(log.open()).rejects.toMatchObject({
      code: "bad-config",
      message: expect.stringContaining("max_payload: 8MB"),
    });
    await log.close();
  });

  test("refuses a server without JetStream", async () => {
    const plain = await startNatsServer({ jetstream: false });
    const log = natsLog([plain.address], { name: newStreamName() });
    await expect(log.open()).rejects.toMatchObject({
      code: "bad-config",
      message: expect.stringContaining("--jetstream"),
    });
    await log.close();
  });

  test.each([
    [{ max_age: 1_000_000_000_000 }, "removes messages by itself"],
    [{ subjects: ["other"], republish: { src: "other", dest: "elsewhere" } }, "has the subjects other"],
    [{ storage: "memory" as const }, "is in memory only"],
    [{ max_bytes: 1000, discard: "old" as const }, "removes messages by itself"],
    [{ republish: { src: ">", dest: "elsewhere.>" } }, "does not republish its messages as pharos.journal."],
  ])("refuses a stream that is not fit: %j", async (config, message) => {
    const name = newStreamName();
    const manager = await operator([server.address]);
    const subject = `pharos.journal.${name}`;
    const republish = { src: subject, dest: `${subject}.live` };
    await manager.streams.add({ name, subjects: [subject], republish, ...config });
    const log = natsLog([server.address], { name });
    await expect(log.open()).rejects.toMatchObject({
      code: "bad-config",
      message: expect.stringContaining(message),
    });
    await log.close();
  });

  test.each(["", "a b", "a.b", "a*", "x".repeat(65)])("refuses the stream name %j", (name) => {
    expect(() => natsLog([server.address], { name })).toThrow("the name of a stream has 1 to 64 letters");
  });

  test("waits for an engine that starts later", async () => {
    const late = await startNatsServer();
    await late.kill();
    const log = natsLog([late.address], { name: newStreamName() });
    onTestFinished(() => log.close());
    const opening = log.open();
    await late.start();
    await opening;
    expect(log.state).toBe("up");
  });

  test("ends when the log is closed", async () => {
    const gone = await startNatsServer();
    await gone.kill();
    const log = natsLog([gone.address], { name: newStreamName() });
    const opening = log.open().catch((error: unknown) => error);
    await log.close();
    expect(await opening).toMatchObject({ code: "closed" });
  });
});

describe("a lost connection", () => {
  test("is `unreachable` at once, told, and heals without a loss", async () => {
    const [log, proxy] = await logBehindProxy();
    const follower = await followed(log);
    await appendAll(log, texts(20));
    while (proxy.cut());
    await waitFor(() => follower.downs === 1, { within, missing: "the follower is not told" });
    await up(log);
    await appendAll(log, texts(40).slice(20));
    await follower.has(40);
    expect(follower.texts).toEqual(texts(40));
    expect([follower.losses, follower.restarts]).toEqual([[], 0]);
  });

  test("counts although it is open, if nothing comes", async () => {
    const [log, proxy] = await logBehindProxy();
    const follower = await followed(log);
    proxy.darken();
    const waiting = log.append(Buffer.from("never arrives"));
    await expect(waiting).rejects.toMatchObject({ code: "unreachable" });
    expect([log.state, follower.downs]).toEqual(["unreachable", 1]);
    const recovered = log.recover();
    proxy.forget();
    await recovered;
    expect(log.state).toBe("up");
    await appendAll(log, ["arrives"]);
    await waitFor(() => follower.texts.at(-1) === "arrives", { within, missing: "the record" });
  });

  test("loses nothing of what a slow follower has not taken", async () => {
    const name = newStreamName();
    const writer = await openLog({ name });
    await appendAll(writer, texts(200));
    const [log, proxy] = await logBehindProxy(name);
    const seen: number[] = [];
    const losses: number[] = [];
    await log.follow(0, {
      take: async ({ sequence }) => {
        seen.push(sequence);
        if (seen.length % 50 === 0) proxy.cut();
        await new Promise((resolve) => setImmediate(resolve));
      },
      lost: (upTo) => losses.push(upTo),
      down: () => undefined,
      restarted: () => losses.push(-1),
    });
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(losses).toEqual([]);
  });
});

test("a server that is killed keeps what it acknowledged, and the follower goes on", async () => {
  const own = await startNatsServer();
  const log = await openNatsLog([own.address]);
  const follower = await followed(log);
  await appendAll(log, texts(100));
  await own.kill();
  await waitFor(() => log.state === "unreachable", { within, missing: "the log is still up" });
  await own.start();
  await up(log);
  await appendAll(log, texts(200).slice(100));
  await follower.has(200);
  expect(follower.texts).toEqual(texts(200));
  expect(follower.restarts).toBe(0);
});
