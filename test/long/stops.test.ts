import { expect, test } from "vitest";
import { newStreamName } from "../journal/nats/nats-site.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { startLoadClients } from "../support/load/client.js";
import { startEnvironment, type Front } from "../support/load/environment.js";
import { printFigures } from "../support/load/figures.js";
import { requestOfLines } from "../support/load/http-publishers.js";
import { startNatsServer } from "../support/nats-server.js";
import { startProducer } from "../support/producer.js";
import { connectRaw } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

const within = 120_000;

/** An orderly stop takes less than this, in milliseconds. */
const mostMs = 1000;

/** The hub reads what ZeroMQ publishers have sent before its stop. If they go on, it stops reading after this time. */
const drainMs = 1000;

/** The attempts of each case. A busy machine delays any of them, so the fastest counts. */
const attempts = 3;

/** How long the hub takes to end after the signal, in milliseconds. */
async function stopMs(hub: HubProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
  const began = performance.now();
  hub.signal(signal);
  expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
  return performance.now() - began;
}

/** The fastest of a few stops. Prints their times. Stops again only if none took less than `most` milliseconds. */
async function fastest(what: string, most: number, stop: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  do times.push(await stop());
  while (Math.min(...times) >= most && times.length < attempts);
  printFigures(`a stop: ${what}`, [times.map((ms) => `${ms.toFixed(0)} ms`).join(", ")]);
  return Math.min(...times);
}

const fronts: readonly Front[] = ["http", "stock", "shipped"];
const signals = ["SIGTERM", "SIGINT"] as const;

async function idle(front: Front, signal: NodeJS.Signals): Promise<number> {
  return stopMs((await startEnvironment({ front })).hub, signal);
}

async function withStreams(front: Front, args: readonly string[]): Promise<number> {
  const { hub, port } = await startEnvironment({ front, args });
  await startLoadClients().open({ name: front, clients: 1000, port, firstSequence: 1 });
  return stopMs(hub);
}

/** A stop at 2,000 publications a second. */
async function underHttp(): Promise<number> {
  const args = ["--open=on", "--journal", "disk:journal"];
  const { hub, port } = await startEnvironment({ front: "http", args });
  const publisher = await connectRaw({ port });
  const { bytes } = requestOfLines({ lines: 100, bytes: 200, topics: 10 });
  let sent = 0;
  const timer = setInterval(() => {
    publisher.write(bytes);
    sent += 1;
  }, 50);
  await waitFor(() => sent > 20, { within, missing: "a second of publications" });
  const ms = await stopMs(hub);
  clearInterval(timer);
  return ms;
}

/** A stop at 2,000 publications a second, with 100 streams. */
async function underZeroMq(front: Front): Promise<number> {
  const { hub, port } = await startEnvironment({ front, args: ["--journal", "disk:journal"] });
  const group = await startLoadClients().open({ name: front, clients: 100, port, firstSequence: 1 });
  const pace = { kind: "bursts", size: 100, perSecond: 20 } as const;
  await startProducer({ endpoint: hub.ingest, count: 20_000, pace, bytes: 200 });
  await group.waitSequence({ atLeast: 4000, within });
  return stopMs(hub);
}

type EngineState = "up" | "gone" | "stopped";

async function onNats(state: EngineState): Promise<number> {
  const server = await startNatsServer();
  const journal = `nats://${server.address}/${newStreamName()}`;
  const hub = await startHub({ args: ["--open=on", "--journal", journal] });
  const publish = (): Promise<Response> => fetch(`${hub.httpUrl}/publish/a`, { method: "POST", body: "x" });
  expect((await publish()).status).toBe(200);
  if (state === "gone") await server.kill();
  if (state === "stopped") server.pause();
  const isRefused = async (): Promise<boolean> => (await publish()).status === 503;
  if (state !== "up") await waitFor(isRefused, { within, missing: "a refused publication" });
  return stopMs(hub);
}

const withinSecond: readonly (readonly [what: string, stop: () => Promise<number>])[] = [
  ...fronts.flatMap((front) =>
    signals.map((signal) => [`idle, ${front}, ${signal}`, () => idle(front, signal)] as const),
  ),
  ...fronts.map((front) => [`1,000 streams, ${front}`, () => withStreams(front, [])] as const),
  ["1,000 streams, a worker", () => withStreams("http", ["--workers=1"])],
  ["journal on disk, 2,000 publications a second over HTTP", underHttp],
  ...(["up", "gone", "stopped"] as const).map(
    (state) => [`journal on NATS, the engine is ${state}`, () => onNats(state)] as const,
  ),
];

test.each(withinSecond)("a hub stops within a second: %s", async (what, stop) => {
  expect(await fastest(what, mostMs, stop)).toBeLessThan(mostMs);
});

test.each(fronts)(
  "a hub stops within two seconds while ZeroMQ publishers go on, with a journal on disk: %s",
  async (front) => {
    const what = `journal on disk, 2,000 publications a second over ZeroMQ, ${front}`;
    const most = mostMs + drainMs;
    expect(await fastest(what, most, () => underZeroMq(front))).toBeLessThan(most);
  },
);
