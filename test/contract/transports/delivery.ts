import { describe, expect, it } from "vitest";
import { freshTopic } from "../client.js";
import type { Contract } from "../sites.js";
import { keptPerTopic } from "../sites.js";
import type { Site } from "../site.js";
import { follow } from "./follower.js";
import type { Place } from "./log.js";
import { eachTransport, forEach, transports, withEach } from "./table.js";

/** Tests the order of events, and resuming. */
export function testDelivery(contract: Contract): void {
  testOrder(contract);
  testResuming(contract);
  testResumingElsewhere(contract);
  testGaps(contract);
}

function testOrder({ mercureSite: site }: Contract): void {
  it.each(eachTransport)(
    "%s brings everything once and in order, over many rounds",
    async (_name, transport) => {
      const topic = freshTopic();
      const follower = await follow(site(), transport, { filters: [topic] });
      await publishNumbers(site(), topic, { from: 1, to: 500 });
      expect(await follower.until("500")).toEqual(numbers(1, 500));
    },
  );
}

function testResuming({ mercureSite: site }: Contract): void {
  it.each(eachTransport)(
    "%s goes on where it was, with more than one round of past",
    async (_name, transport) => {
      const topic = freshTopic();
      const follower = await follow(site(), transport, { filters: [topic] });
      await publishNumbers(site(), topic, { from: 1, to: 3 });
      await follower.until("3");
      follower.close();
      const pad = "x".repeat(4000);
      for (let n = 4; n <= 150; n += 1) await site().publish({ topics: [topic], data: `${n} ${pad}` });
      const opening = follower.open();
      for (let n = 151; n <= 200; n += 1) await site().publish({ topics: [topic], data: `${n} ${pad}` });
      await opening;
      const data = await follower.until(`200 ${pad}`);
      expect(data.map((text) => text.split(" ")[0])).toEqual(numbers(1, 200));
    },
  );
}

function testResumingElsewhere({ mercureSite: site }: Contract): void {
  it.each([
    { whose: "the publisher", isOwn: true },
    { whose: "the hub", isOwn: false },
  ])("an id that one transport received, made by $whose, works with every other", async ({ isOwn }) => {
    const topic = freshTopic();
    const publish = (n: number): Promise<string> =>
      site().publish({ topics: [topic], data: String(n), ...(isOwn ? { id: `${topic}-${n}` } : {}) });
    const sources = transports.filter(({ positions }) => isOwn || positions === "yes");
    const followers = await withEach(sources, (transport) => follow(site(), transport, { filters: [topic] }));
    for (let n = 1; n <= 3; n += 1) await publish(n);
    const places = await withEach(sources, async ({ name }) => {
      await followers[name]?.until("3");
      followers[name]?.close();
      return { id: followers[name]?.place.id };
    });
    for (let n = 4; n <= 6; n += 1) await publish(n);
    const expected = forEach(transports, ["4", "5", "6"]);
    for (const [source, from] of Object.entries(places)) {
      const got = await resumeWithEach(site(), topic, from);
      expect({ source, got }).toEqual({ source, got: expected });
    }
  });
}

async function resumeWithEach(site: Site, topic: string, from: Place): Promise<unknown> {
  return withEach(transports, async (transport) => {
    const follower = await follow(site, transport, { filters: [topic], from });
    return follower.until("6");
  });
}

function testGaps({ smallSite: site, journal }: Contract): void {
  describe.each(eachTransport)("%s", (_name, transport) => {
    it("sends the stored events, and reports a gap for evicted ones", async () => {
      const topic = freshTopic();
      const follower = await follow(site(), transport, { filters: [topic] });
      await publishNumbers(site(), topic, { from: 1, to: 2 });
      await follower.until("2");
      follower.close();
      const last = keptPerTopic + 5;
      await publishNumbers(site(), topic, { from: 3, to: last });
      await follower.open();
      await follower.until(String(last));
      const events = (first: number): readonly unknown[] =>
        numbers(first, last).map((data) => ({ kind: "event", data }));
      // What memory no longer has comes from the disk.
      expect(follower.told.slice(2)).toEqual(
        journal === "disk"
          ? events(3)
          : [{ kind: "gap", reason: "evicted" }, ...events(last - keptPerTopic + 1)],
      );
    });

    it("reports a gap for an unknown position", async () => {
      const topic = freshTopic();
      await publishNumbers(site(), topic, { from: 1, to: 2 });
      const from = { id: "nobody-knows" };
      const follower = await follow(site(), transport, { filters: [topic], from });
      await follower.until("2");
      expect(follower.told).toEqual([
        { kind: "gap", reason: "unknown-id" },
        { kind: "event", data: "1" },
        { kind: "event", data: "2" },
      ]);
    });
  });
}

/**
 * Publishes the numbers as texts, in bursts of seven. The hub then writes different numbers of events to a client at a
 * time.
 */
export async function publishNumbers(
  site: Site,
  topic: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  const published: Promise<string>[] = [];
  for (let n = from; n <= to; n += 1) {
    published.push(site.publish({ topics: [topic], data: String(n) }));
    if (n % 7 === 0) await Promise.all(published);
  }
  await Promise.all(published);
}

/** The numbers from `from` to `to`, both included, as texts. */
export function numbers(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}
