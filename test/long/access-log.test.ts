import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { grouped, median, printFigures } from "../support/load/figures.js";
import {
  HttpPublishers,
  requestOfLines,
  requestOfOne,
  type PreparedRequest,
} from "../support/load/http-publishers.js";

/** How often each hub is measured, in turns. Short turns, so that both hubs meet the same load of the machine. */
const turns = 15;
const turnMs = 1000;

/** The most that the access log may add to the processor time of a publication. */
const mostShare = 0.25;

interface Measured {
  readonly hub: HubProcess;
  readonly publishers: HttpPublishers;
}

interface Cost {
  readonly perSecond: number;
  /** Processor time of the hub for each publication, in microseconds. */
  readonly eachUs: number;
}

async function start(accessLog: "off" | "access.log", request: PreparedRequest): Promise<Measured> {
  const hub = await startHub({ args: ["--open=on", "--access-log", accessLog] });
  const publishers = await HttpPublishers.connect(hub.httpPort, 4);
  await publishers.saturate(request, { open: 2, ms: 3000 });
  return { hub, publishers };
}

async function costOf({ hub, publishers }: Measured, request: PreparedRequest): Promise<Cost> {
  const [acknowledged, cpuSeconds, startMs] = [publishers.acknowledged, hub.cpuSeconds(), performance.now()];
  await publishers.saturate(request, { open: 2, ms: turnMs });
  const publications = publishers.acknowledged - acknowledged;
  const seconds = (performance.now() - startMs) / 1000;
  const eachUs = ((hub.cpuSeconds() - cpuSeconds) / publications) * 1e6;
  return { perSecond: publications / seconds, eachUs };
}

/** Stops a hub, and returns the lines of its access log. */
async function stop({ hub, publishers }: Measured): Promise<readonly string[]> {
  expect(publishers.refused).toBe(0);
  publishers.close();
  const file = join(hub.scratch, "access.log");
  expect(await hub.stop()).toEqual({ code: 0, signal: null });
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

function lineOf(name: string, costs: readonly Cost[]): string {
  const rate = grouped(median(costs.map(({ perSecond }) => perSecond)));
  return `${name}: ${rate} publications/s, ${median(costs.map(({ eachUs }) => eachUs)).toFixed(1)} µs of processor time each`;
}

test.each([
  ["one publication in a request", requestOfOne(200)],
  ["1,000 publications in a request", requestOfLines({ lines: 1000, bytes: 200, topics: 100 })],
] as const)(
  "the access log costs a publisher little: %s",
  async (name, request) => {
    const [off, on] = [await start("off", request), await start("access.log", request)];
    const costs: { readonly off: Cost; readonly on: Cost }[] = [];
    for (let turn = 0; turn < turns; turn += 1)
      costs.push({ off: await costOf(off, request), on: await costOf(on, request) });
    const share = median(costs.map((turn) => turn.on.eachUs / turn.off.eachUs - 1));
    printFigures(`access log, ${name}: medians of ${turns} turns`, [
      lineOf(
        "without",
        costs.map((turn) => turn.off),
      ),
      lineOf(
        "with",
        costs.map((turn) => turn.on),
      ),
      `processor time with the log: ${(share * 100).toFixed(1)}% more, the median of the turns`,
    ]);
    const lines = await stop(on);
    expect(lines.length, "no line is lost").toBe(on.publishers.acknowledged / request.publications);
    expect(lines.every((line) => line.startsWith("{") && line.endsWith("}"))).toBe(true);
    expect(share).toBeLessThan(mostShare);
  },
  120_000,
);
