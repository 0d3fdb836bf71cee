import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { waitFor } from "../../support/wait-for.js";
import { freshTopic, openStreams, untilStreams, within } from "../client.js";
import { slowReader } from "../differences.js";
import type { FrontName } from "../differences.js";
import type { Contract } from "../sites.js";
import { keptPerTopic } from "../sites.js";
import type { Site } from "../site.js";
import { follow } from "./follower.js";
import type { Follower } from "./follower.js";
import { numbers } from "./delivery.js";
import type { Told } from "./log.js";
import { forEach, transports, withEach } from "./table.js";

/** Clients that read nothing for a while, one of each transport, on one topic. */
export function testSlowReaders({ front, mercureSite, smallSite }: Contract): void {
  const fate = Object.fromEntries(
    transports.map(({ name, isStream }) => [name, isStream ? slowReader[front] : "kept"]),
  );

  it("one that reads nothing for a while gets everything in order, once, and holds up nobody", async () => {
    const { count, slow } = await readLate(front, mercureSite());
    expect(await withEach(transports, async ({ name }) => dataOf(slow[name]))).toEqual(
      forEach(transports, numbers(1, count)),
    );
    expect(fateOf(slow)).toEqual(fate);
  });

  it("one that reads nothing for a while is told its gap where history has moved past it", async () => {
    const { count, slow } = await readLate(front, smallSite());
    for (const [name, { told }] of Object.entries(slow)) {
      const reasons = new Set(told.flatMap((each) => (each.kind === "gap" ? [each.reason] : [])));
      const last = told.slice(-keptPerTopic).map((each) => numberOf(each));
      expect({ name, reasons, untold: untoldHoles(told), last }).toEqual({
        name,
        reasons: new Set(["evicted"]),
        untold: [],
        last: numbers(count - keptPerTopic + 1, count).map(Number),
      });
    }
    expect(fateOf(slow)).toEqual(fate);
  });
}

/**
 * Steps of 1 MB, until those who do not read are behind: at most 16, which are more than the kernel keeps for a connection
 * that is not read, whose two buffers grow to 6 and 4 MB.
 */
const late = { atMost: 512, step: 32, bytes: 32 * 1024 };

/** It shrinks by a quarter: a megabyte of one letter in gzip would not fill a socket. */
const padding = randomBytes(late.bytes).toString("base64").slice(0, late.bytes);

interface LateReading {
  /** What was published: numbers from 1 on. */
  readonly count: number;
  /** Those that did not read, by their transports: they have everything by now that they are to have. */
  readonly slow: Readonly<Record<string, Follower>>;
}

async function readLate(front: FrontName, site: Site): Promise<LateReading> {
  const topic = freshTopic();
  // Streams of earlier tests would be missing later, as if these had been closed.
  await untilStreams(site, 0);
  const open = () => withEach(transports, (transport) => follow(site, transport, { filters: [topic] }));
  const [slow, quick] = [await open(), await open()];
  const isBehind = (): Promise<boolean> => areBehind(front, site);
  for (const follower of Object.values(slow)) follower.stopReading();
  let count = 0;
  // Whoever reads has everything before more is published, and so before the others read on: it was not held up.
  const publish = async (howMany: number): Promise<string> => {
    for (const upTo = count + howMany; count < upTo;) {
      count += 1;
      void site.publish({ topics: [topic], data: `${count} ${padding}` });
    }
    const last = `${count} ${padding}`;
    await withEach(transports, async ({ name }) => quick[name]?.until(last));
    return last;
  };
  while (count < late.atMost && !(await isBehind())) await publish(late.step);
  await waitFor(isBehind, {
    within: 2 * within,
    missing: "who does not read is neither left behind nor closed",
  });
  const last = await publish(late.step);
  for (const follower of Object.values(slow)) follower.resumeReading();
  await withEach(transports, async ({ name }) => {
    await slow[name]?.until(last);
  });
  return { count, slow };
}

/**
 * Whether all that hold a stream without reading are left behind, or closed: then the others are open, and polls of theirs
 * wait.
 */
async function areBehind(front: FrontName, site: Site): Promise<boolean> {
  const streams = transports.filter(({ isStream }) => isStream).length;
  if (slowReader[front] === "kept") return site.figure("laggards") === streams;
  return (await openStreams(site)) === transports.length;
}

function dataOf(follower: Follower | undefined): readonly (string | undefined)[] {
  return (follower?.data ?? []).map((data) => data.split(" ")[0]);
}

function fateOf(slow: LateReading["slow"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(slow).map(([name, { reconnects }]) => [name, reconnects === 0 ? "kept" : "closed"]),
  );
}

/** Where a number does not follow the one before it, and no gap stands between them. */
function untoldHoles(told: readonly Told[]): readonly string[] {
  return told.flatMap((each, index) => {
    const before = told[index - 1];
    if (before?.kind !== "event" || each.kind !== "event") return [];
    return numberOf(each) === numberOf(before) + 1 ? [] : [`${numberOf(before)} to ${numberOf(each)}`];
  });
}

function numberOf(told: Told): number {
  return told.kind === "event" ? Number(told.data.split(" ")[0]) : Number.NaN;
}
