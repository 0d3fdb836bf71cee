import { expect, test } from "vitest";
import { ask } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { hubOfFile } from "../../hub.js";

const site = hubOfFile({ PHAROS_ANONYMOUS: "on" });

async function get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const { status, body } = await ask(site(), requestBytes({ path }));
  return { status, body: JSON.parse(body) };
}

test("all topics are listed in pages, each topic once and in order, while others come", async () => {
  const names = Array.from({ length: 250 }, (_, index) => `pages/${(index * 7919) % 250}`);
  for (const topic of names) await site().publish({ topics: [topic], data: "" });
  const listed: string[] = [];
  for (let after = "", more = true; more;) {
    const page = (await get(`/history?topic=pages/%23&limit=40&after=${encodeURIComponent(after)}`)).body as {
      readonly topics: readonly { readonly topic: string }[];
      readonly more?: true;
    };
    listed.push(...page.topics.map(({ topic }) => topic));
    after = listed.at(-1) ?? "";
    more = page.more === true;
    await site().publish({ topics: ["pages/0"], data: "again" });
  }
  expect(listed).toEqual(names.toSorted());
});

test("the number of subscribers is that of the streams", async () => {
  await site().publish({ topics: ["watched"], data: "" });
  const stream = await site().connect();
  stream.write(requestBytes({ path: "/esupdates?topic=watched" }));
  await expect
    .poll(async () => (await get("/history?topic=watched")).body, { timeout: 30_000 })
    .toMatchObject({ topics: [{ topic: "watched", subscribers: 1 }] });
  stream.close();
});

test("a private retained value is shown only to those who may read it", async () => {
  await site().publish({ topics: ["lamp"], data: "on", retain: true, private: true });
  expect((await get("/history/lamp")).body).toEqual({ topic: "lamp", published: 0, stored: 0, events: [] });
});

test("a publication that alone exceeds the limit on bytes is still shown", async () => {
  const large = "x".repeat(700_000);
  for (const data of [large, large, "small"]) await site().publish({ topics: ["large"], data });
  const { body } = await get("/history/large");
  const { events, more } = body as {
    readonly events: readonly { readonly data: string }[];
    readonly more?: true;
  };
  expect(events.map(({ data }) => data.length)).toEqual([700_000, 5]);
  expect(more).toBe(true);
});

test.each([
  ["/history?limit=0", /^limit must be a whole number from 1 to 1000, not "0"$/],
  ["/history?limit=1001", /^limit must be/],
  ["/history/a?limit=x", /^limit must be/],
  ["/history/a?before=1&after=2", /^before and after cannot be combined$/],
  ["/history/a?after=", /^before and after must be event ids, not empty$/],
  ["/history?topic=a/%23/b", /# must/],
  ["/history/", /topic/],
])("%s is refused", async (path, detail) => {
  expect(await get(path)).toMatchObject({ status: 400, body: { detail: expect.stringMatching(detail) } });
});
