import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { waitFor } from "../../support/wait-for.js";
import { freshTopic, openStreams, untilStreams, within } from "../client.js";
import { slowReader, valueFor } from "../differences.js";
import type { FrontName } from "../differences.js";
import type { Contract } from "../sites.js";
import { keptPerTopic } from "../sites.js";
import type { Site } from "../site.js";
import { follow } from "./follower.js";
import type { Follower } from "./follower.js";
import { numbers } from "./delivery.js";
import type { Told } from "./log.js";
import { forEach, transports, withEach } from "./table.js";

/** Tests clients that stop reading for a while, one client of each transport on the same topic. */
export function testSlowReaders({ front, journal, mercureSite, smallSite }: Contract): void {
  const fate = Object.fromEntries(
    transports.map(({ name, isStream }) => [name, isStream ? valueFor(front, slowReader) : "kept"]),
  );

  it("one that stops reading for a while gets everything once and in order, and delays no other client", async () => {
    const { count, slow } = await readLate(front, mercureSite());
    expect(await withEach(transports, async ({ name }) => dataOf(slow[name]))).toEqual(
      forEach(transports, numbers(1, count)),
    );
    expect(fateOf(slow)).toEqual(fate);
  });

  it("one that stops reading for a while gets a gap if its events were evicted", async () => {
    const { count, slow } = await readLate(front, smallSite());
    for (const [name, { told }] of Object.entries(slow)) {
      const reasons = new Set(told.flatMap((each) => (each.kind === "gap" ? [each.reason] : [])));
      const last = told.slice(-keptPerTopic).map((each) => numberOf(each));
      expect({ name, reasons, untold: untoldHoles(told), last }).toEqual({
        name,
        // What memory no longer has comes from the disk.
        reasons: new Set(journal === "disk" ? [] : ["evicted"]),
        untold: [],
        last: numbers(count - keptPerTopic + 1, count).map(Number),
      });
    }
    expect(fateOf(slow)).toEqual(fate);
  });
}

/**
 * The test publishes 1 MB at a time, at most 16 MB, until the clients that do not read are behind. If a client does not
 * read, the kernel buffers less than 16 MB: the two socket buffers grow to 6 and 4 MB.
 */
const late = { atMost: 512, step: 32, bytes: 32 * 1024 };

/**
 * Random text, which gzip shortens only by 25%. If the text were a megabyte of one letter, the compressed text would
 * not fill a socket buffer.
 */
const padding = randomBytes(late.bytes).toString("base64").slice(0, late.bytes);

interface LateReading {
  /** The number of publications, numbered from 1. */
  readonly count: number;
  /** The clients that stopped reading, by transport. These clients have received everything by now. */
  readonly slow: Readonly<Record<string, Follower>>;
}

async function readLate(front: FrontName, site: Site): Promise<LateReading> {
  const topic = freshTopic();
  // Wait until the streams of earlier tests are closed: open streams would change the count of streams in this test.
  await untilStreams(site, 0);
  const open = () => withEach(transports, (transport) => follow(site, transport, { filters: [topic] }));
  const [slow, quick] = [await open(), await open()];
  const isBehind = (): Promise<boolean> => areBehind(front, site);
  for (const follower of Object.values(slow)) follower.stopReading();
  let count = 0;
  // Waits until all clients that read have received everything, and only then publishes more. The test fails if the
  // slow clients delay another client.
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
 * True if the streams of all clients that do not read are behind. If the front closes such streams, true when only the
 * streams of the other clients and all polls remain.
 */
async function areBehind(front: FrontName, site: Site): Promise<boolean> {
  const streams = transports.filter(({ isStream }) => isStream).length;
  if (valueFor(front, slowReader) === "kept") return site.figure("laggards") === streams;
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

/** The missing numbers that no gap reports. */
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
