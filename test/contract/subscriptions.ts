import { describe, expect, it } from "vitest";
import { ask, freshTopic, openStream } from "./client.js";
import type { Contract } from "./sites.js";
import { requestBytes, requestId } from "./http-text.js";

/** Queries, each with the topics that the first comment of the stream names. */
const understood = [
  { what: "no filter as the topic broadcast", query: undefined, topics: ["broadcast"] },
  { what: "an empty query as the topic broadcast", query: "", topics: ["broadcast"] },
  { what: "a parameter that it does not know as none", query: "color=red", topics: ["broadcast"] },
  { what: "several filters in their order, each once", query: "topic=b&topic=a&topic=b", topics: ["b", "a"] },
  {
    what: "wildcards, with a raw plus as a plus",
    query: "topic=news/+/sport&topic=+",
    topics: ["news/+/sport", "+"],
  },
  { what: "an encoded number sign", query: "topic=news/%23", topics: ["news/#"] },
  { what: "an encoded plus as a plus", query: "topic=%2B/a", topics: ["+/a"] },
  { what: "an encoded space", query: "topic=a%20b", topics: ["a b"] },
  { what: "an encoded ampersand and equals sign", query: "topic=a%26b%3Dc", topics: ["a&b=c"] },
  { what: "what is not ASCII, encoded", query: "topic=caf%C3%A9/%F0%9F%9A%A2", topics: ["café/🚢"] },
  { what: "encoded braces, brackets and quotes", query: "topic=%7Ba%7D%5Bb%5D%22", topics: ['{a}[b]"'] },
  { what: "an encoded name of the parameter", query: "to%70ic=x", topics: ["x"] },
] as const;

const refused = [
  { what: "an empty filter", query: "topic=", title: "bad-filter" },
  { what: "a name without a value", query: "topic", title: "bad-filter" },
  { what: "a plus inside a level", query: "topic=a+", title: "bad-filter" },
  { what: "a number sign inside a level", query: "topic=c%23", title: "bad-filter" },
  { what: "a number sign before the last level", query: "topic=%23/a", title: "bad-filter" },
  { what: "a dot segment, which no URL of a subscription can hold", query: "topic=..", title: "bad-filter" },
  { what: "a control character", query: "topic=a%0Ab", title: "bad-filter" },
  { what: "a NUL", query: "topic=a%00", title: "bad-filter" },
  { what: "the reserved topic *", query: "topic=*", title: "bad-filter" },
  { what: "invalid UTF-8", query: "topic=%ff", title: "bad-request" },
  { what: "a filter of more than 1024 bytes", query: `topic=${"a".repeat(1025)}`, title: "bad-filter" },
  {
    what: "more than 100 filters",
    query: Array.from({ length: 101 }, (_, n) => `topic=${n}`).join("&"),
    title: "bad-filter",
  },
] as const;

export function testSubscriptions({ site }: Contract): void {
  describe("the filters of a stream", () => {
    it.each(understood)("takes $what", async ({ query, topics }) => {
      const stream = await openStream(site(), query === undefined ? {} : { query });
      const [comment] = stream.body.split("\n");
      expect(comment).toBe(`: pharos, topics ${JSON.stringify(topics)}`);
    });

    it.each(refused)("refuses $what with a reason", async ({ query, title }) => {
      const answer = await ask(site(), requestBytes({ path: `/esupdates?${query}` }));
      expect(answer.status).toBe(400);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(JSON.parse(answer.body)).toEqual({
        type: "about:blank",
        title,
        status: 400,
        instance: expect.stringMatching(requestId),
        detail: expect.stringMatching(/^[a-z#+].{10,}$/),
      });
      expect(answer.rest).toBe("");
    });

    it("delivers only the topic broadcast to streams without a filter", async () => {
      const stream = await openStream(site());
      await site().publish({ topics: [freshTopic()], data: "elsewhere" });
      await site().publish({ topics: ["broadcast"], data: "to all" });
      expect(await stream.dataUntil("to all")).toEqual(["to all"]);
    });

    it("delivers a publication that several filters match once, in the order of publishing", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), {
        query: `topic=${topic}/%23&topic=${topic}/+/b&topic=${topic}/a/b`,
      });
      await site().publish({ topics: [`${topic}/a/b`, `${topic}/c`], data: "one" });
      await site().publish({ topics: [topic], data: "two" });
      await site().publish({ topics: [`${topic}/x/y/z`], data: "three" });
      expect(await stream.dataUntil("three")).toEqual(["one", "two", "three"]);
    });

    it("keeps a one-level wildcard to one level, empty levels included", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), { query: `topic=${topic}/+/sport` });
      for (const name of ["uk/sport", "/sport", "sport", "uk/x/sport", "uk/sport/x", "fr/sport"])
        await site().publish({ topics: [`${topic}/${name}`], data: name });
      expect(await stream.dataUntil("fr/sport")).toEqual(["uk/sport", "/sport", "fr/sport"]);
    });

    it("hides topics that begin with $ from wildcards in the first level", async () => {
      const [hidden, open] = [`$SYS/${freshTopic()}`, freshTopic()];
      const all = await openStream(site(), { query: "topic=%23" });
      const exact = await openStream(site(), { query: `topic=${hidden}` });
      await site().publish({ topics: [hidden], data: "hidden" });
      await site().publish({ topics: [open], data: "open" });
      expect(await all.dataUntil("open")).not.toContain("hidden");
      expect(await exact.dataUntil("hidden")).toEqual(["hidden"]);
    });

    it("carries type, id, several lines and text of any script as they were published", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), { query: `topic=${topic}` });
      await site().publish({
        topics: [topic],
        id: `${topic}-1`,
        type: "größe",
        data: "eins\nzwei\r\n\nid: 7 <b>é🚢</b>",
      });
      await site().publish({ topics: [topic], data: "" });
      await site().publish({ topics: [topic], data: "last" });
      const [first, empty] = await stream.until("last");
      expect(first).toEqual({
        id: `${topic}-1`,
        event: "größe",
        data: "eins\nzwei\n\nid: 7 <b>é🚢</b>",
        comments: [],
      });
      expect(empty?.data).toBe("");
    });
  });
}
