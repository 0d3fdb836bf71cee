import { describe, expect, it } from "vitest";
import { currentToken } from "../support/token.js";
import { ask, freshTopic } from "./client.js";
import { requestBytes } from "./http-text.js";
import { bearer, type Headers } from "./mercure-client.js";
import type { Contract } from "./sites.js";

export function testHistory({ site, mercureSite }: Contract): void {
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
