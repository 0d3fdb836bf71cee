import { expect, it } from "vitest";
import { freshTopic, within } from "../../../contract/client.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { withExpiringToken } from "../../../support/expiring-token.js";
import { currentToken, detail, signCurrent } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, hubOfFile, publish, request } from "../../hub.js";

const hub = hubOfFile();

box("current, Tokens", "Publish: every topic must be granted", () => {
  it.each([
    [["A"], "topic=A", 200],
    [["A", "B"], "topic=A&topic=B", 200],
    [["*"], "topic=A&topic=B", 200],
    [["A"], "topic=A&topic=B", 403],
    [["B"], "topic=A&topic=B", 403],
    [["A"], "topic=A&topic=B&private", 403],
    [["A"], "topic=A/b", 403],
    [["A"], "topic=A&topic=A", 200],
    [[], "topic=A", 403],
  ])("%j allows %s: %i", async (grants, body, status) => {
    const own = freshTopic();
    const named = (text: string): string => text.replaceAll("A", `${own}/a`).replaceAll("B", `${own}/b`);
    const stream = await subscribe(hub(), `match_mqtt=${own}/%23`);
    const headers = bearer(await currentToken({ publish: grants.map(named) }));
    const answer = await publish(hub(), named(body), headers);
    const challenge = status === 403 ? 'Bearer error="insufficient_scope"' : undefined;
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([status, challenge]);
    expect(await dataBefore(hub(), stream, own)).toHaveLength(status === 200 ? 1 : 0);
  });

  it("a right to read is none to publish", async () => {
    const headers = bearer(await currentToken({ subscribe: ["*"] }));
    expect((await publish(hub(), "topic=a", headers)).status).toBe(403);
  });
});

box("current, Tokens", "Read private", () => {
  it.each([
    ["match=A", ["A"], true],
    ["match=A", ["B"], true],
    ["match=B", ["A"], true],
    ["match=*", ["B"], true],
    ["match_mqtt=OWN/%23", ["A"], true],
    ["match=A", ["*"], true],
    ["match=A", ["C"], false],
    ["match=A", ["a"], false],
    ["match=C", ["*"], false],
  ])("%s with the grants %j gets a private update of A and B: %s", async (matchers, grants, isRead) => {
    const own = freshTopic();
    const named = (text: string): string =>
      text.replaceAll(/[ABC]/g, (letter) => `${own}/${letter}`).replace("OWN", own);
    const headers = bearer(await currentToken({ subscribe: grants.map(named) }));
    const stream = await subscribe(hub(), `${named(matchers)}&match=${own}`, headers);
    await publish(hub(), named("topic=A&topic=B&private&data=secret"));
    expect((await dataBefore(hub(), stream, own)).includes("secret")).toBe(isRead);
  });

  it("a right to publish is none to read", async () => {
    const topic = freshTopic();
    const headers = bearer(await currentToken({ publish: ["*"] }));
    const stream = await subscribe(hub(), `match=${topic}`, headers);
    await publish(hub(), `topic=${topic}&private&data=secret`);
    expect(await dataBefore(hub(), stream, topic)).toEqual([]);
  });
});

box("current, Tokens", "Close the stream no later than exp", () => {
  // The tests of the fan-out check the millisecond, with a virtual clock.
  it("the hub ends it by itself", async () => {
    const stream = await withExpiringToken(async (seconds) => {
      const exp = Date.now() / 1000 + seconds;
      const claims = { exp, authorization_details: [detail("subscribe", ["*"])] };
      return subscribe(hub(), "match=a", bearer(await signCurrent({ claims })));
    });
    await stream.connection.readToEnd({ within });
    expect(stream.connection.error).toBeUndefined();
  });

  it("a token that has ended opens none", async () => {
    const headers = bearer(await currentToken({ subscribe: ["*"], lifetimeSeconds: -1 }));
    expect((await request(hub(), "match=a", { headers })).status).toBe(401);
  });
});
