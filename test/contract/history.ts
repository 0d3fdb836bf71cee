import { describe, expect, it } from "vitest";
import { currentToken } from "../support/token.js";
import { ask, freshTopic } from "./client.js";
import { requestBytes } from "./http-text.js";
import { bearer, type Headers } from "./mercure-client.js";
import { keptPerTopic, type Contract } from "./sites.js";

export function testHistory({ site, smallSite, mercureSite }: Contract): void {
  const read = async (path: string, headers: Headers = {}, at = site()): Promise<unknown> => {
    const { status, body } = await ask(at, requestBytes({ path, headers }));
    expect(status).toBe(200);
    return JSON.parse(body);
  };

  describe("the list of topics, and the history of each", () => {
    it("have what was published, with the time", async () => {
      const topic = freshTopic();
      for (const data of ["one", "two", "three"]) await site().publish({ topics: [`${topic}/b`], data });
      await site().publish({ topics: [`${topic}/a`], data: "other", type: "kind" });
      expect(await read(`/history?topic=${topic}/%23`)).toEqual({
        topics: [
          { topic: `${topic}/a`, published: 1, stored: 1, subscribers: 0 },
          { topic: `${topic}/b`, published: 3, stored: 3, subscribers: 0 },
        ],
      });
      expect(await read(`/history/${topic}/b?limit=2`)).toMatchObject({
        topic: `${topic}/b`,
        published: 3,
        stored: 3,
        events: [{ data: "two" }, { data: "three", topics: [`${topic}/b`] }],
        more: true,
      });
      const time = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(await read(`/history/${topic}/a`)).toMatchObject({
        events: [{ data: "other", type: "kind", time }],
      });
    });

    it("come in pages before and after an event id, with the retained value and a gap", async () => {
      const topic = freshTopic();
      const list = Array.from({ length: 7 }, (_, index) => `n${index}`);
      for (const data of list) await site().publish({ topics: [topic], data, retain: data === "n2" });
      interface Page {
        readonly events: readonly { readonly id: string; readonly data: string; readonly retained?: true }[];
      }
      const page = async (query: string): Promise<Page> => (await read(`/history/${topic}?${query}`)) as Page;
      const idOf = (at: Page, index: number): string => encodeURIComponent(at.events.at(index)?.id ?? "");
      const newest = await page("limit=3");
      expect(newest).toMatchObject({
        events: [{ data: "n4" }, { data: "n5" }, { data: "n6" }],
        more: true,
        retained: { data: "n2", retained: true },
      });
      const older = await page(`limit=3&before=${idOf(newest, 0)}`);
      expect(older).toMatchObject({
        events: [{ data: "n1" }, { data: "n2", retained: true }, { data: "n3" }],
        more: true,
      });
      expect(older).not.toHaveProperty("retained");
      const oldest = await page(`before=${idOf(older, 0)}`);
      expect(oldest).toMatchObject({ events: [{ data: "n0" }] });
      expect(oldest).not.toHaveProperty("more");
      expect(oldest).not.toHaveProperty("gap");
      expect(await page(`after=${idOf(oldest, 0)}&limit=2`)).toMatchObject({
        events: [{ data: "n1" }, { data: "n2" }],
        more: true,
      });
      expect(await page("after=earliest&limit=1")).toMatchObject({ events: [{ data: "n0" }], more: true });
      expect(await page(`after=${idOf(newest, -1)}`)).toMatchObject({ events: [] });
      const gap = { reason: "unknown-id", topics: [], more: false };
      expect(await page("after=nobody&limit=1")).toMatchObject({ events: [{ data: "n0" }], gap });
      expect(await page("before=nobody")).toMatchObject({ events: [], gap });
    });

    it("tell what was evicted before the oldest publication", async () => {
      const topic = freshTopic();
      for (let index = 0; index <= keptPerTopic; index += 1)
        await smallSite().publish({ topics: [topic], data: String(index), retain: index === 0 });
      expect(await read(`/history/${topic}`, {}, smallSite())).toMatchObject({
        published: keptPerTopic + 1,
        stored: keptPerTopic,
        events: Array.from({ length: keptPerTopic }, (_, index) => ({ data: String(index + 1) })),
        gap: { reason: "evicted", topics: [{ topic, missedAtMost: 1 }], more: false },
        retained: { data: "0", retained: true },
      });
    });

    it("show private publications only to those who may read them", async () => {
      const topic = freshTopic();
      await mercureSite().publish({ topics: [topic], data: "secret", private: true });
      const list = `/history?topic=${topic}`;
      expect(await read(list, {}, mercureSite())).toEqual({ topics: [] });
      expect(await read(`/history/${topic}`, {}, mercureSite())).toEqual({
        topic,
        published: 0,
        stored: 0,
        events: [],
      });
      const headers = bearer(await currentToken({ subscribe: [topic] }));
      expect(await read(list, headers, mercureSite())).toMatchObject({ topics: [{ topic, stored: 1 }] });
      expect(await read(`/history/${topic}`, headers, mercureSite())).toMatchObject({
        events: [{ data: "secret" }],
      });
    });
  });
}
