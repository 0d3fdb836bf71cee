import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startHub } from "../support/hub-process.js";
import { grouped, median, printFigures } from "../support/load/figures.js";
import {
  HttpPublishers,
  requestOfLines,
  requestOfOne,
  type PreparedRequest,
} from "../support/load/http-publishers.js";
import type { OnEnd } from "../support/on-end.js";

/** How often each is measured, in turns. */
const turns = 5;
const measureMs = 4000;

/** The most that the access log may add to the processor time of a request with one publication. */
const mostShare = 0.25;

interface Cost {
  readonly perSecond: number;
  /** Processor time of the hub for each publication, in microseconds. */
  readonly eachUs: number;
}

async function costOf(request: PreparedRequest, accessLog: "off" | "access.log"): Promise<Cost> {
  const ends: (() => unknown)[] = [];
  const onEnd: OnEnd = (end) => void ends.push(end);
  try {
    const hub = await startHub({ onEnd, args: ["--open=on", "--access-log", accessLog] });
    const publishers = await HttpPublishers.connect(hub.httpPort, 4);
    onEnd(() => publishers.close());
    await publishers.saturate(request, { open: 2, ms: 1000 });
    const [acknowledged, cpuSeconds, startMs] = [
      publishers.acknowledged,
      hub.cpuSeconds(),
      performance.now(),
    ];
    await publishers.saturate(request, { open: 2, ms: measureMs });
    expect(publishers.refused).toBe(0);
    const publications = publishers.acknowledged - acknowledged;
    const seconds = (performance.now() - startMs) / 1000;
    const eachUs = ((hub.cpuSeconds() - cpuSeconds) / publications) * 1e6;
    const requests = publishers.acknowledged / request.publications;
    publishers.close();
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    if (accessLog !== "off") expectAllLines(join(hub.scratch, accessLog), requests);
    return { perSecond: publications / seconds, eachUs };
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

function expectAllLines(file: string, requests: number): void {
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines.length - 1, "no line is lost or torn").toBeGreaterThanOrEqual(requests);
  for (const line of lines.slice(0, -1)) expect(line.endsWith("}")).toBe(true);
}

test("the access log costs a publisher little", async () => {
  const kinds = [
    ["one publication in a request", requestOfOne(200)],
    ["1,000 publications in a request", requestOfLines({ lines: 1000, bytes: 200, topics: 100 })],
  ] as const;
  for (const [name, request] of kinds) {
    const shares: number[] = [];
    const lines: string[] = [];
    for (let turn = 1; turn <= turns; turn += 1) {
      const off = await costOf(request, "off");
      const on = await costOf(request, "access.log");
      shares.push(on.eachUs / off.eachUs - 1);
      lines.push(
        `turn ${turn}: off ${grouped(off.perSecond)} publications/s, ${off.eachUs.toFixed(1)} µs each; ` +
          `on ${grouped(on.perSecond)} publications/s, ${on.eachUs.toFixed(1)} µs each`,
      );
    }
    const share = median(shares);
    printFigures(`access log, ${name}`, [
      ...lines,
      `processor time with the log: ${(share * 100).toFixed(1)}% more`,
    ]);
    expect(share, `the access log: ${name}`).toBeLessThan(mostShare);
  }
}, 600_000);
