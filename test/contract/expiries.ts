import { describe, expect, it } from "vitest";
import { currentToken } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { ask, freshTopic, openStream } from "./client.js";
import { requestBytes } from "./http-text.js";
import { bearer, type Headers } from "./mercure-client.js";
import type { Contract } from "./sites.js";

export function testExpiries({ mercureSite: site }: Contract): void {
  const storedIn = async (topic: string): Promise<unknown> => {
    const { body } = await ask(site(), requestBytes({ path: `/history/${topic}` }));
    return (JSON.parse(body) as { events: readonly { data: string }[] }).events.map(({ data }) => data);
  };

  describe("publications with a ttl", () => {
    it("reach no new reader after their end, and nobody is told", async () => {
      const topic = freshTopic();
      const first = await site().publish({ topics: [topic], data: "1" });
      await site().publish({ topics: [topic], data: "short", ttl: 1, retain: true });
      await site().publish({ topics: [topic], data: "2" });
      const query = `topic=${encodeURIComponent(topic)}`;
      const resume = async (): Promise<readonly (string | undefined)[]> => {
        const stream = await openStream(site(), { query, headers: { "Last-Event-ID": first } });
        return (await stream.until("2")).map(({ event, data }) => event ?? data);
      };
      const freshGetsOnly = async (data: string): Promise<boolean> => {
        const stream = await openStream(site(), { query });
        await site().publish({ topics: [topic], data });
        return (await stream.dataUntil(data)).length === 1;
      };
      // Those who resume now share a page, which later readers must not get.
      const early = await resume();
      expect([["short", "2"], ["2"]]).toContainEqual(early);
      await waitFor(async () => JSON.stringify(await storedIn(topic)) === '["1","2"]', {
        missing: "the end of the ttl in the history",
        within: 30_000,
      });
      // Other processes are told once a second.
      await waitFor(async () => JSON.stringify(await resume()) === '["2"]', {
        missing: "a stream without the expired event",
        everyMs: 250,
        within: 30_000,
      });
      const poll = await ask(
        site(),
        requestBytes({ path: `/poll?wait=0&${query}&last_event_id=${encodeURIComponent(first)}` }),
      );
      expect(JSON.parse(poll.body)).toMatchObject({ events: [{ kind: "event", data: "2" }] });
      await waitFor(() => freshGetsOnly("3"), {
        missing: "a stream without the expired value",
        within: 30_000,
        everyMs: 250,
      });
    });

    it("may come as a header, a form or JSON, and a wrong ttl gets a sentence", async () => {
      const topic = freshTopic();
      const token = await currentToken({ publish: [topic] });
      const send = async (body: string, headers: Headers): Promise<string> => {
        const { "Content-Type": type } = headers;
        const path = type === "text/plain" ? `/publish/${topic}` : "/publish";
        const length = String(Buffer.byteLength(body));
        const all = { ...bearer(token), ...headers, "Content-Length": length };
        const answer = await ask(site(), requestBytes({ method: "POST", path, headers: all, body }));
        const sentence = "a ttl is a whole number of seconds from 1 to 31536000";
        return answer.body.includes(sentence) ? `${answer.status}, explained` : String(answer.status);
      };
      const text = (ttl: string): Promise<string> =>
        send("x", { "Content-Type": "text/plain", "Event-TTL": ttl });
      const form = (ttl: string): Promise<string> =>
        send(`topic=${encodeURIComponent(topic)}&data=x&ttl=${ttl}`, {
          "Content-Type": "application/x-www-form-urlencoded",
        });
      const json = (ttl: number, type = "application/json"): Promise<string> =>
        send(JSON.stringify({ topic, data: "x", ttl }), { "Content-Type": type });
      const right = [text("1"), form("1"), json(1), json(1, "application/x-ndjson")];
      const wrong = [text("0"), form("1.5"), json(31_536_001)];
      expect([await Promise.all(right), await Promise.all(wrong)]).toEqual([
        Array<string>(4).fill("200"),
        Array<string>(3).fill("400, explained"),
      ]);
      await waitFor(async () => JSON.stringify(await storedIn(topic)) === "[]", {
        missing: "the end of all four",
        within: 30_000,
      });
    });
  });
}
