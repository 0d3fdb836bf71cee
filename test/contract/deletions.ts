import { describe, expect, it } from "vitest";
import { currentToken } from "../support/token.js";
import { ask, freshTopic, openStream, type ReceivedEvent } from "./client.js";
import type { ResponseText } from "./http-text.js";
import { requestBytes } from "./http-text.js";
import { bearer, type Headers } from "./mercure-client.js";
import type { Contract } from "./sites.js";

export function testDeletions({ mercureSite: site }: Contract): void {
  const remove = async (path: string, token: string, headers: Headers = {}): Promise<ResponseText> =>
    ask(site(), requestBytes({ method: "DELETE", path, headers: { ...bearer(token), ...headers } }));
  const publish = (topic: string, data: string, more = {}): Promise<string> =>
    site().publish({ topics: [topic], data, ...more });
  /** What a stream gets that resumes from this id, up to the event with this data. */
  const resume = async (
    [topic, id]: readonly [topic: string, id: string],
    last: string,
    headers: Headers = {},
  ): Promise<readonly ReceivedEvent[]> => {
    const stream = await openStream(site(), {
      query: `topic=${encodeURIComponent(topic)}`,
      headers: { ...headers, "Last-Event-ID": id },
    });
    return stream.until(last);
  };
  const poll = async (
    topic: string,
    id: string,
  ): Promise<readonly { kind: string; data?: string; reason?: string }[]> => {
    const path = `/poll?wait=0&topic=${topic}&last_event_id=${encodeURIComponent(id)}`;
    const { body } = await ask(site(), requestBytes({ path }));
    return (JSON.parse(body) as { events: { kind: string; data?: string; reason?: string }[] }).events;
  };

  describe("deletions", () => {
    it("of a topic: resuming clients are told, polls, history and retained values have nothing of it", async () => {
      const [topic, other] = [freshTopic(), freshTopic()];
      const token = await currentToken({ publish: [topic] });
      const first = await publish(topic, "1");
      await publish(other, "other");
      await publish(topic, "2", { retain: true });
      const live = await openStream(site(), {
        query: `topic=${topic}&topic=${other}`,
        headers: { "Last-Event-ID": first },
      });
      await live.until("2");
      // Readers behind the deletion share the pages of this one.
      expect((await resume([topic, first], "2")).map(({ data }) => data)).toEqual(["2"]);
      const answer = await remove(`/publish/${topic}`, token);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({ topic, deleted: 2, retained: true });
      expect((await remove(`/publish/${topic}`, token)).status).toBe(404);
      await publish(topic, "3");
      const [gap, ...events] = await resume([topic, first], "3");
      expect(gap?.event).toBe("pharos-gap");
      expect(JSON.parse(gap?.data ?? "")).toEqual({
        reason: "deleted",
        // A publication to another topic is between the two.
        topics: [{ topic, missedAtMost: 2 }],
        more: false,
      });
      expect(events.map(({ data }) => data)).toEqual(["3"]);
      expect((await poll(topic, first)).map(({ kind, data, reason }) => data ?? reason ?? kind)).toEqual([
        "deleted",
        "3",
      ]);
      const history = await ask(site(), requestBytes({ path: `/history/${topic}` }));
      expect(JSON.parse(history.body)).toMatchObject({ published: 1, stored: 1, events: [{ data: "3" }] });
      const fresh = await openStream(site(), { query: `topic=${topic}` });
      await publish(topic, "4");
      expect(await fresh.dataUntil("4")).toEqual(["4"]);
      expect((await live.until("4")).flatMap(({ data }) => data ?? [])).toEqual(["other", "2", "3", "4"]);
      expect((await resume([other, first], "other")).map(({ event, data }) => event ?? data)).toEqual([
        "other",
      ]);
    });

    it("of one event: by the header or the query, by its own id or the hub's", async () => {
      const topic = freshTopic();
      const token = await currentToken({ publish: [topic] });
      const first = await publish(topic, "1");
      const second = await publish(topic, "2");
      await publish(topic, "3", { id: `own-${topic}` });
      await publish(topic, "4");
      const byHeader = await remove(`/publish/${topic}`, token, { "Event-ID": second });
      expect([byHeader.status, JSON.parse(byHeader.body)]).toEqual([
        200,
        { topic, id: second, deleted: 1, retained: false },
      ]);
      expect((await remove(`/publish/${topic}?id=own-${topic}`, token)).status).toBe(200);
      expect((await remove(`/publish/${topic}?id=own-${topic}`, token)).status).toBe(404);
      expect((await remove(`/publish/${topic}?id=`, token)).status).toBe(400);
      const [gap, ...events] = await resume([topic, first], "4");
      expect(JSON.parse(gap?.data ?? "")).toMatchObject({
        reason: "deleted",
        topics: [{ topic, missedAtMost: 2 }],
      });
      expect(events.map(({ data }) => data)).toEqual(["4"]);
      // A client that has received the deleted event has missed nothing.
      const known = await resume([topic, `own-${topic}`], "4");
      expect(known.map(({ event, data }) => event ?? data)).toEqual(["4"]);
    });

    it("of private events reveal nothing to clients that may not read them", async () => {
      const topic = freshTopic();
      const token = await currentToken({ publish: [topic], subscribe: [topic] });
      const first = await publish(topic, "public");
      const secret = await publish(topic, "secret", { private: true });
      expect((await remove(`/publish/${topic}`, token, { "Event-ID": secret })).status).toBe(200);
      await publish(topic, "last");
      expect((await resume([topic, first], "last")).map(({ event, data }) => event ?? data)).toEqual([
        "last",
      ]);
      const reader = await resume([topic, first], "last", bearer(token));
      expect(reader.map(({ event, data }) => event ?? data)).toEqual(["pharos-gap", "last"]);
    });

    it("need the right to publish to the topic", async () => {
      const topic = freshTopic();
      await publish(topic, "1");
      const others = await currentToken({ publish: [`${topic}/other`], subscribe: [topic] });
      expect((await remove(`/publish/${topic}`, others)).status).toBe(403);
      expect((await ask(site(), requestBytes({ method: "DELETE", path: `/publish/${topic}` }))).status).toBe(
        401,
      );
      const history = await ask(site(), requestBytes({ path: `/history/${topic}` }));
      expect(JSON.parse(history.body)).toMatchObject({ stored: 1 });
    });

    it("are refused without a topic, and count", async () => {
      const token = await currentToken({ publish: ["*"] });
      const before = site().figure("deletions_total");
      const topic = freshTopic();
      await publish(topic, "1");
      for (const query of ["", "?topic=", `?topic=${topic}&topic=other`])
        expect((await remove(`/publish${query}`, token)).status).toBe(400);
      expect((await remove(`/publish/${freshTopic()}`, token)).status).toBe(404);
      expect(site().figure("deletions_total")).toBe(before);
      expect((await remove(`/publish?topic=${topic}`, token)).status).toBe(200);
      expect(site().figure("deletions_total")).toBe(before + 1);
    });
  });
}
