import { describe, expect, it } from "vitest";
import { LocalTicket } from "../../../src/delivery/joining/local-ticket.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { mayRead, type Rights } from "../../../src/hub/publications/rights.js";
import { bearer, MercureWorld } from "./mercure-world.js";

const kinds = async (query: string): Promise<readonly string[]> => {
  const { ticket } = await new MercureWorld().stream(query);
  const { subscription } = LocalTicket.read(ticket);
  return subscription.filters.map(({ kind, text }) => `${kind}:${text}`);
};

const reads = (rights: Rights, topic: string): boolean =>
  mayRead(rights, parsePublication({ topics: [topic], private: true }));

describe("a subscription", () => {
  it.each([
    ["match=a", ["exact:a"]],
    ["match=a&match_exact=b+c&match=a", ["exact:a", "exact:b c"]],
    ["match_urlpattern=https://example.com/:id", ["urlpattern:https://example.com/:id"]],
    ["match_mqtt=news/%2B/sport", ["mqtt:news/+/sport"]],
    ["match=*", ["all:*"]],
    ["match_exact=*", ["all:*"]],
    ["match_urlpattern=*", ["all:*"]],
    ["match=a%23b", ["exact:a#b"]],
    ["match=a;b", ["exact:a;b"]],
    ["match=a&authorization=x&other=y", ["exact:a"]],
    ["topic=a", ["exact:a"]],
    ["topic=*", ["all:*"]],
    ["topic=https://example.com/books/{id}", ["template:https://example.com/books/{id}"]],
  ])("l.135-152, l.274-280: %s is %j", async (query, expected) => {
    expect(await kinds(query)).toEqual(expected);
  });

  it.each([
    "match=.",
    "match_exact=..",
    "match_mqtt=.",
    "match_urlpattern=%2E%2E",
    "topic=.",
    "topic=a&topic=..",
  ])("%s is refused: no URL can ask for the document of such a subscription", async (query) => {
    for (const segment of [".", "..", "%2E", "%2e%2E"])
      expect(new URL(`https://hub.example/exact/${segment}/x`).pathname).not.toMatch(/\/exact\/.+\/x$/);
    const reply = await new MercureWorld().reply({ query });
    expect(JSON.parse(reply.body.toString())).toMatchObject({ status: 400, title: "bad-filter" });
  });

  it.each([
    ["match=...", ["exact:..."]],
    ["match=./a", ["exact:./a"]],
    ["topic=%252E", ["exact:%2E"]],
  ])("%s is %j", async (query, expected) => {
    expect(await kinds(query)).toEqual(expected);
  });

  it.each(["match_urlpattern=https://example.com/(", "topic={"])(
    "l.181-185: that has too many matchers is refused before one of them is parsed: %s",
    async (malformed) => {
      const body = Array.from({ length: 100 }, (_each, index) => `${malformed}${index}%01`).join("&");
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const reply = await new MercureWorld().reply({ method: "QUERY", headers, body });
      expect(JSON.parse(reply.body.toString())).toMatchObject({
        status: 400,
        detail: "a stream may have at most 5 matchers, not 100",
      });
    },
  );

  it.each([
    ["many parameters", "a&".repeat(5000), 400],
    ["large a body", `match=${"%41".repeat(20_000)}`, 413],
  ])("l.181-185: that has too %s is refused before it is read", async (_name, body, status) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await new MercureWorld().reply({ method: "QUERY", headers, body })).status).toBe(status);
  });
});

describe("a subscriber", () => {
  it("without a token reads what is public", async () => {
    const { ticket, expiresAtMs } = await new MercureWorld().stream("match=a");
    const { subscription } = LocalTicket.read(ticket);
    expect([subscription.rights.key, expiresAtMs]).toEqual(["", undefined]);
  });

  it("reads private publications with one topic that its token grants, until it ends", async () => {
    const { ticket, expiresAtMs } = await new MercureWorld().stream("match=*", bearer("subscribe.a"));
    const { rights } = LocalTicket.read(ticket).subscription;
    expect(["a", "b"].map((topic) => reads(rights, topic))).toEqual([true, false]);
    expect(expiresAtMs).toBe(4_102_444_800_000);
  });
});
