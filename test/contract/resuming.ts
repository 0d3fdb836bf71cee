import { describe, expect, it } from "vitest";
import { freshTopic, openStream, type ReceivedEvent } from "./client.js";
import { type Contract, keptPerTopic } from "./sites.js";
import type { Site } from "./site.js";

/** A text with one character per byte of the UTF-8 form. Browsers send header values in this form. */
const asBytes = (text: string): string => Buffer.from(text).toString("latin1");

export function testResuming(contract: Contract): void {
  testCursors(contract);
  testGaps(contract);
  testRetained(contract);
}

function testCursors({ site }: Contract): void {
  describe("a client that resumes", () => {
    it.each([
      { where: "the header", header: (id: string) => id, query: () => "" },
      {
        where: "the query",
        header: undefined,
        query: (id: string) => `&last_event_id=${encodeURIComponent(id)}`,
      },
      {
        where: "the query beside an empty header",
        header: () => "",
        query: (id: string) => `&last_event_id=${encodeURIComponent(id)}`,
      },
      {
        where: "the header, which goes before the query",
        header: (id: string) => id,
        query: () => "&last_event_id=nobody-knows",
      },
    ])("gets what it missed, by $where", async ({ header, query }) => {
      const topic = freshTopic();
      const [, second = ""] = await publishNumbers(site(), topic, 5);
      const stream = await openStream(site(), {
        query: `topic=${topic}${query(second)}`,
        ...(header === undefined ? {} : { headers: { "Last-Event-ID": header(second) } }),
      });
      await site().publish({ topics: [topic], data: "live" });
      expect(await stream.dataUntil("live")).toEqual(["3", "4", "5", "live"]);
    });

    it.each(["é-1", "日本/🚢", "ÿ", "a b", "\uFFFD", "a, b"])(
      "resumes from the publisher's own id %s",
      async (name) => {
        const topic = freshTopic();
        const id = `${name}-${topic}`;
        await site().publish({ topics: [topic], id, data: "known" });
        const live = await openStream(site(), { query: `topic=${topic}` });
        await site().publish({ topics: [topic], data: "missed" });
        await live.until("missed");
        for (const options of [
          { query: `topic=${topic}`, headers: { "Last-Event-ID": asBytes(id) } },
          { query: `topic=${topic}&last_event_id=${encodeURIComponent(id)}` },
        ]) {
          const stream = await openStream(site(), options);
          expect(await stream.dataUntil("missed")).toEqual(["missed"]);
          expect(stream.events.map(({ event }) => event)).toEqual([undefined]);
        }
      },
    );

    it("starts with live events if its id is empty", async () => {
      const topic = freshTopic();
      await publishNumbers(site(), topic, 2);
      const stream = await openStream(site(), {
        query: `topic=${topic}&last_event_id=`,
        headers: { "Last-Event-ID": "" },
      });
      await site().publish({ topics: [topic], data: "live" });
      expect(await stream.dataUntil("live")).toEqual(["live"]);
    });
  });
}

function testGaps({ site, smallSite, journal }: Contract): void {
  describe("a client whose missed events are gone", () => {
    it.each([
      { what: "its id is not known", id: "nobody-knows", reason: "unknown-id" },
      { what: "its id is not known and not ASCII", id: asBytes("ünbekannt"), reason: "unknown-id" },
      { what: "its id is not UTF-8", id: "\xff\xfe", reason: "unknown-id" },
      { what: "its position is of another run", id: "#AAAAAAAA:1", reason: "other-epoch" },
      { what: "its position has no form", id: "#nonsense", reason: "unknown-id" },
    ])("gets a gap and all stored events, when $what", async ({ id, reason }) => {
      const topic = freshTopic();
      const ids = await publishNumbers(site(), topic, 2);
      const stream = await openStream(site(), { query: `topic=${topic}`, headers: { "Last-Event-ID": id } });
      const [gap, ...events] = await stream.until("2");
      expect(gap?.event).toBe("pharos-gap");
      expect(JSON.parse(gap?.data ?? "")).toMatchObject({ reason, topics: expect.any(Array), more: false });
      expect(gap?.id).toBe(positionBefore(ids[0] ?? ""));
      expect(events.map(({ data }) => data)).toEqual(["1", "2"]);
    });

    // A journal on disk still has what memory has evicted.
    it.runIf(journal === "memory")(
      "gets the number of missed events per topic, and can resume from the gap",
      async () => {
        const topic = freshTopic();
        const ids = await publishNumbers(smallSite(), topic, keptPerTopic + 5);
        const resume = async (id: string): Promise<readonly ReceivedEvent[]> => {
          const query = `topic=${topic}`;
          const stream = await openStream(smallSite(), { query, headers: { "Last-Event-ID": id } });
          return stream.until(String(keptPerTopic + 5));
        };
        const [gap, ...events] = await resume(ids[1] ?? "");
        expect(gap?.event).toBe("pharos-gap");
        const notice = JSON.parse(gap?.data ?? "") as { topics: { topic: string; missedAtMost: number }[] };
        expect(notice).toMatchObject({ reason: "evicted", more: false });
        expect(notice.topics.map((loss) => loss.topic)).toEqual([topic]);
        expect(notice.topics[0]?.missedAtMost).toBeGreaterThanOrEqual(3);
        expect(events.map(({ data }) => data)).toEqual(["6", "7", "8", "9", "10", "11", "12", "13"]);
        expect(gap?.id).toBe(positionBefore(ids[5] ?? ""));
        const again = await resume(gap?.id ?? "");
        expect(again.map(({ event, data }) => event ?? data)).toEqual(events.map(({ data }) => data));
      },
    );

    it("gets no gap for topics that it does not follow", async () => {
      const [topic, other] = [freshTopic(), freshTopic()];
      const [first = ""] = await publishNumbers(smallSite(), topic, 2);
      await publishNumbers(smallSite(), other, keptPerTopic + 5);
      const stream = await openStream(smallSite(), {
        query: `topic=${topic}`,
        headers: { "Last-Event-ID": first },
      });
      expect(await stream.dataUntil("2")).toEqual(["2"]);
    });
  });
}

function testRetained({ site }: Contract): void {
  describe("retained values", () => {
    it("come first, in the order of publishing, and do not move the cursor", async () => {
      const topic = freshTopic();
      await site().publish({ topics: [`${topic}/b`], data: "old b", retain: true });
      await site().publish({ topics: [`${topic}/a`], data: "a", retain: true, id: `${topic}-a` });
      await site().publish({ topics: [`${topic}/b`], data: "b", retain: true });
      const head = await site().publish({ topics: [`${topic}/b`], data: "not retained" });
      const stream = await openStream(site(), { query: `topic=${topic}/%23` });
      await site().publish({ topics: [`${topic}/a`], data: "live" });
      await stream.until("live");
      expect(stream.blocks.map(({ id, data }) => ({ id, data }))).toEqual([
        { id: undefined, data: "a" },
        { id: undefined, data: "b" },
        { id: head, data: undefined },
        { id: expect.stringMatching(/^#/), data: "live" },
      ]);
    });

    it("are deleted by empty data", async () => {
      const topic = freshTopic();
      await site().publish({ topics: [topic], data: "value", retain: true });
      await site().publish({ topics: [topic], data: "", retain: true });
      const stream = await openStream(site(), { query: `topic=${topic}` });
      await site().publish({ topics: [topic], data: "live" });
      expect(await stream.dataUntil("live")).toEqual(["live"]);
    });

    it("are not sent if the missed events include them", async () => {
      const topic = freshTopic();
      const first = await site().publish({ topics: [topic], data: "first" });
      await site().publish({ topics: [topic], data: "value", retain: true });
      const stream = await openStream(site(), {
        query: `topic=${topic}`,
        headers: { "Last-Event-ID": first },
      });
      await site().publish({ topics: [topic], data: "live" });
      expect(await stream.dataUntil("live")).toEqual(["value", "live"]);
    });
  });
}

/** Publishes "1", "2", … and returns the ids. */
async function publishNumbers(site: Site, topic: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++) ids.push(await site.publish({ topics: [topic], data: String(n) }));
  return ids;
}

function positionBefore(position: string): string {
  const [epoch, offset] = position.split(":");
  return `${epoch}:${Number(offset) - 1}`;
}
