import { expect, it } from "vitest";
import { freshTopic } from "../../../contract/client.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { currentToken, detail, olderToken, signCurrent, signOlder } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, headerOf, hubOfFile, publish, query, request } from "../../hub.js";

const hub = hubOfFile();

box("older", "Dual-mode rule", () => {
  it.each([
    ["match=a", ': pharos, topics ["a"]'],
    ["match_exact=a", ': pharos, topics ["a"]'],
    ["topic=a", ':\n: pharos, topics ["a"]'],
  ])("%s is told by its parameter: the stream begins with %j", async (matchers, beginning) => {
    expect((await subscribe(hub(), matchers)).body.startsWith(beginning)).toBe(true);
  });

  it.each(["match=/a/{b}", "topic=/a/{b}"])(
    "braces are a template in the older form alone: %s",
    async (matchers) => {
      const own = freshTopic();
      const stream = await subscribe(hub(), `${matchers}&${matchers.split("=")[0]}=${own}`);
      await publish(hub(), "topic=/a/1&data=x");
      expect(await dataBefore(hub(), stream, own)).toEqual(matchers.startsWith("topic") ? ["x"] : []);
    },
  );

  it.each(["match=a&topic=a", "topic=a&match_urlpattern=a", "topic=a&Match=a", "topic=a&matchFoo=b"])(
    "both get 400: %s",
    async (matchers) => {
      expect((await request(hub(), matchers)).status).toBe(400);
      const [first = "", second = ""] = matchers.split("&");
      expect((await query(hub(), { query: first, body: second })).status).toBe(400);
    },
  );

  it.each([
    ["at+jwt and authorization_details", () => currentToken({ publish: ["*"] }), 400],
    ["the mercure claim", () => olderToken({ publish: ["*"] }), 403],
  ])("a token with %s decides what a reserved topic gets", async (_name, token, status) => {
    const headers = bearer(await token());
    expect((await publish(hub(), "topic=/.well-known/mercure/x", headers)).status).toBe(status);
  });

  it.each([
    ["at+jwt and the mercure claim", () => signCurrent({ claims: { mercure: { publish: ["*"] } } }), 403],
    [
      "authorization_details without at+jwt",
      () => signOlder({ authorization_details: [detail("publish", ["*"])], mercure: { publish: ["*"] } }),
      401,
    ],
    [
      "both claims, of which the new one counts",
      () =>
        signCurrent({
          claims: { authorization_details: [detail("publish", ["b"])], mercure: { publish: ["*"] } },
        }),
      403,
    ],
  ])("a token with %s follows the new rules", async (_name, token, status) => {
    expect((await publish(hub(), "topic=a", bearer(await token()))).status).toBe(status);
  });

  it.each([
    ["match=TOPIC", () => olderToken({ subscribe: ["*"] })],
    ["topic=TOPIC", () => currentToken({ subscribe: ["*"] })],
  ])("a token of the other form is good for %s in the header", async (matchers, token) => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), matchers.replace("TOPIC", topic), bearer(await token()));
    await publish(hub(), `topic=${topic}&private&data=secret`);
    expect(await dataBefore(hub(), stream, topic)).toEqual(["secret"]);
  });

  it("a token of the current form in the query gets 401: logs would keep it", async () => {
    const token = await currentToken({ subscribe: ["*"] });
    expect((await request(hub(), `topic=a&authorization=${token}`)).status).toBe(401);
  });

  it.each(["match=a&last_event_id=x", "topic=a&lastEventID=x"])(
    "%s is answered under both names",
    async (matchers) => {
      const stream = await subscribe(hub(), matchers);
      for (const name of ["Mercure-Last-Event-ID", "Last-Event-ID"])
        expect(headerOf(stream, name)).toBe("earliest");
    },
  );
});
