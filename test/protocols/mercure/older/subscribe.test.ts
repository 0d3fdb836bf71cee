import { expect, it } from "vitest";
import { ask } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { box } from "../../boxes.js";
import { delivered, hubOfFile, request } from "../../hub.js";

const hub = hubOfFile();

box("older", "Hub path", () => {
  it.each([
    ["/.well-known/mercure?topic=a", true],
    ["/hub?topic=a", false],
    ["/mercure?topic=a", false],
    ["/.well-known/mercure/?topic=a", false],
  ])("a stream at %s is %s", async (path, isStream) => {
    const { headers } = await ask(hub(), requestBytes({ path }));
    expect(headers.get("content-type") === "text/event-stream").toBe(isStream);
  });
});

box("older", "Subscribe", () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["*", ["a", "https://example.com/1", "$x", "{a}"], []],
    ["a", ["a"], ["b", "A", "a/b", "https://hub.example/.well-known/a"]],
    ["https://example.com/1", ["https://example.com/1"], ["https://EXAMPLE.com/1", "https://example.com/1/"]],
    [
      "https://example.com/books/{id}",
      ["https://example.com/books/1", "https://example.com/books/{id}", "https://example.com/books/a%20b"],
      ["https://example.com/books/1/2", "https://example.com/books"],
    ],
    ["/a{/b}{/c}", ["/a", "/a/1", "/a/1/2"], ["/a/1/2/3", "/ab"]],
    ["/a{?q,r}", ["/a", "/a?q=1", "/a?q=1&r=2"], ["/b?q=1", "/a/b"]],
    ["/a{#f}", ["/a#x", "/a"], ["/a/x"]],
    ["/{+path}", ["/a/b/c", "/a"], ["a/b"]],
    ["/a{.ext}", ["/a.json", "/a"], ["/a/json"]],
    ["{a", ["{a"], ["1"]],
    ["a}b", ["a}b"], ["ab"]],
    ["news/+", ["news/+"], ["news/a"]],
    ["/:id", ["/:id"], ["/1"]],
    ["a b", ["a b"], ["a+b"]],
  ];
  it.each(rows)("topic %s brings %j, and not %j", async (selector, matched, others) => {
    const query = new URLSearchParams({ topic: selector }).toString();
    expect(await delivered(hub(), query, [...others, ...matched])).toEqual(matched);
  });

  it.each([
    ["topic=a&topic=b", ["a", "b"]],
    ["topic=a&topic=a", ["a"]],
    ["topic=a&topic=/x/{y}", ["a", "/x/1"]],
    ["topic=%61", ["a"]],
    ["topic=a&Topic=b", ["a"]],
    ["topic=*&topic=a", ["a", "b", "/x/1"]],
  ])("%s brings %j, each once", async (query, expected) => {
    expect(await delivered(hub(), query, ["a", "b", "/x/1"])).toEqual(expected);
  });

  it.each([
    ["no topic", "", 400],
    ["an empty topic", "topic=", 400],
    ["one among others", "topic=a&topic=", 400],
    ["a control character", "topic=a%07", 400],
    ["bytes that are no UTF-8", "topic=%FF", 400],
    ["1001 topics", Array.from({ length: 1001 }, (_each, index) => `topic=${index}`).join("&"), 400],
    ["a topic and what is no matcher of it", "topic=a&lastEventId=x&foo=y", 200],
  ])("%s gets %s", async (_name, query, status) => {
    expect((await request(hub(), query)).status).toBe(status);
  });

  it.each(["GET", "HEAD"])("%s works", async (method) => {
    const { status, headers } = await request(hub(), "topic=a", { method });
    expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  });
});
