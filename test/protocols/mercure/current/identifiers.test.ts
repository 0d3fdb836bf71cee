import { expect, it } from "vitest";
import { ask, freshTopic } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { hubUrl } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { delivered, hubOfFile, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();
const matchers = ["match", "match_exact", "match_urlpattern", "match_mqtt"];

box("current, Identifiers", "l.73-75, l.284-288: Topic", () => {
  it.each([
    ["U+0000", "%00"],
    ["U+0001", "%01"],
    ["a tab", "%09"],
    ["LF", "%0A"],
    ["CR", "%0D"],
    ["U+001F", "%1F"],
    ["DEL", "%7F"],
    ["the first of C1", "%C2%80"],
    ["NEL", "%C2%85"],
    ["the last of C1", "%C2%9F"],
    ["a soft hyphen", "%C2%AD"],
    ["an Arabic letter mark", "%D8%9C"],
    ["a zero-width space", "%E2%80%8B"],
    ["a joiner", "%E2%80%8D"],
    ["a direction mark", "%E2%80%8F"],
    ["a direction override", "%E2%80%AE"],
    ["a byte order mark", "%EF%BB%BF"],
    ["a language tag", "%F3%A0%81%A5"],
    ["a byte that is no UTF-8", "%FF"],
    ["half a character", "%C3"],
    ["a surrogate", "%ED%A0%80"],
    ["an overlong slash", "%C0%AF"],
  ])("holds no %s (%s), neither published nor subscribed to", async (_name, bytes) => {
    const text = `/a${bytes}b`;
    const statuses = { publish: (await publish(hub(), `topic=${text}`)).status };
    for (const name of matchers)
      Object.assign(statuses, { [name]: (await request(hub(), `${name}=${text}`)).status });
    expect(statuses).toEqual(Object.fromEntries(["publish", ...matchers].map((name) => [name, 400])));
  });

  it.each([
    ["a composed letter", "caf\u00e9", "cafe\u0301"],
    ["a decomposed letter", "cafe\u0301", "caf\u00e9"],
    ["the Ångström sign", "\u212b", "\u00c5"],
    ["full-width letters", "\uff41", "a"],
    ["a ligature", "\ufb01", "fi"],
    ["another case", "News", "news"],
    ["an escape", "https://example.com/%7Ea", "https://example.com/~a"],
    ["an escape in other letters", "/%c3%a9", "/%C3%A9"],
    ["an IRI", "https://example.com/é", "https://example.com/%C3%A9"],
    ["a host in capitals", "https://EXAMPLE.com/", "https://example.com/"],
    ["the usual port", "https://example.com:443/", "https://example.com/"],
    ["a dot segment", "/a/../b", "/b"],
    ["a space at the end", "news ", "news"],
  ])("is not normalised: %s is another topic", async (_name, topic, other) => {
    const query = `match=${encodeURIComponent(topic)}`;
    expect(await delivered(hub(), query, [other, topic])).toEqual([topic]);
  });

  it.each(["a\u00a0b", "a\u2028b", "日本語/🚦", "c#", "a+b", "$x", "**", "urn:x:1", "x y", "%", '"\\'])(
    "is any other text: %j",
    async (topic) => {
      expect(await delivered(hub(), `match=${encodeURIComponent(topic)}`, [topic])).toEqual([topic]);
    },
  );
});

box("current, Identifiers", "Hub URL", () => {
  it.each([
    ["/.well-known/mercure?match=a", true],
    ["/.well-known/mercure/?match=a", false],
    ["/.well-known/Mercure?match=a", false],
    ["/?match=a", false],
  ])("is /.well-known/mercure: a stream at %s is %s", async (path, isStream) => {
    const { headers } = await ask(hub(), requestBytes({ path }));
    expect(headers.get("content-type") === "text/event-stream").toBe(isStream);
  });

  it.each([
    ["https://hub.example", hubUrl],
    ["https://hub.example/.well-known/mercure", hubUrl],
    ["http://hub.example:8080", "http://hub.example:8080/.well-known/mercure"],
  ])("as the setting %s is what metadata and topics follow: %s", async (setting, url) => {
    const site = await startHub({ PHAROS_PUBLIC_URL: setting });
    const path = "/.well-known/oauth-protected-resource/.well-known/mercure";
    const metadata = await ask(site, requestBytes({ path }));
    expect(JSON.parse(metadata.body)).toMatchObject({ resource: url });
    expect((await request(site, `match=${freshTopic()}`)).status).toBe(200);
  });

  it.each([
    ["/.well-known/mercure/x", 400],
    [`${hubUrl}/x`, 400],
    ["/x", 200],
  ])("has its own namespace: to %s is %i", async (topic, status) => {
    expect((await publish(hub(), `topic=${topic}`)).status).toBe(status);
  });
});
