import { compactDecrypt, CompactEncrypt } from "jose";
import { expect, it } from "vitest";
import { ask, freshTopic } from "../../../contract/client.js";
import type { ResponseText } from "../../../contract/http-text.js";
import { requestBytes } from "../../../contract/http-text.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { hubUrl, issuer, signCurrent } from "../../../support/token.js";
import { ec, rsa } from "../../../auth/world.js";
import { box } from "../../boxes.js";
import { dataBefore, hubOfFile, pageOrigin, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();
const metadataPath = "/.well-known/oauth-protected-resource/.well-known/mercure";

const metadata = (method = "GET", headers = {}): Promise<ResponseText> =>
  ask(hub(), requestBytes({ method, path: metadataPath, headers }));

box("current, Discovery", "Metadata", () => {
  it.each([
    ["resource", hubUrl],
    ["authorization_servers", [issuer]],
    ["authorization_details_types_supported", ["https://mercure.rocks/authorization-detail"]],
    ["bearer_methods_supported", ["header"]],
    ["mercure_cookie", "__Secure-mercure_access_token"],
    ["mercure_matcher_types_supported", ["exact", "urlpattern", "mqtt"]],
    ["mercure_subscriptions", false],
  ])("%s is %j", async (name, value) => {
    expect(JSON.parse((await metadata()).body)).toHaveProperty(name, value);
  });

  it("is JSON that pages of listed origins may read", async () => {
    const { status, headers } = await metadata("GET", { Origin: pageOrigin });
    expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(headers.get("access-control-allow-origin")).toBe(pageOrigin);
    expect((await metadata("HEAD")).status).toBe(200);
    expect((await metadata("POST")).status).toBe(405);
  });

  it("names no issuers where no tokens are taken", async () => {
    const site = await startHub({ PHAROS_TOKEN_ISSUER: "", PHAROS_TOKEN_SECRET: "" });
    const { body } = await ask(site, requestBytes({ path: metadataPath }));
    expect(JSON.parse(body)).not.toHaveProperty("authorization_servers");
    expect(JSON.parse(body)).toHaveProperty("resource", hubUrl);
  });

  it.each(["exact", "urlpattern", "mqtt"])(
    "%s, which it names, is taken in requests and in tokens",
    async (type) => {
      expect((await request(hub(), `match_${type}=a`)).status).toBe(200);
      const topics = [{ match: "a", match_type: type }];
      const entry = { type: "https://mercure.rocks/authorization-detail", actions: ["publish"], topics };
      const token = await signCurrent({ claims: { authorization_details: [entry] } });
      expect([200, 403]).toContain((await publish(hub(), "topic=a", bearer(token))).status);
    },
  );
});

box("current, Discovery", "Publisher Link", () => {
  it("the id that a publisher is told is the last-event-id of its link: nothing is lost behind it", async () => {
    const topic = freshTopic();
    const { body: lastEventId } = await publish(hub(), `topic=${topic}&data=in+the+resource`);
    await publish(hub(), `topic=${topic}&data=later`);
    const stream = await subscribe(hub(), `match=${topic}&last_event_id=${encodeURIComponent(lastEventId)}`);
    expect(await dataBefore(hub(), stream, topic)).toEqual(["later"]);
  });
});

box("current, Discovery", "JWE", () => {
  it.each([
    ["ECDH-ES+A256KW", () => ec("P-256")],
    ["RSA-OAEP-256", rsa],
  ])("an update that is encrypted with %s goes through byte by byte", async (alg, keys) => {
    const { publicKey, privateKey } = keys();
    const data = await new CompactEncrypt(Buffer.from("secret: é\n"))
      .setProtectedHeader({ alg, enc: "A256GCM" })
      .encrypt(publicKey);
    const topic = freshTopic();
    const stream = await subscribe(hub(), `match=${topic}`);
    await publish(hub(), new URLSearchParams({ topic, data }).toString());
    const [came = ""] = await dataBefore(hub(), stream, topic);
    expect(came).toBe(data);
    expect(Buffer.from((await compactDecrypt(came, privateKey)).plaintext).toString()).toBe("secret: é\n");
  });

  it("one as a token is refused: the hub has no key to open it", async () => {
    const { publicKey } = rsa();
    const token = await new CompactEncrypt(Buffer.from("{}"))
      .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM", typ: "at+jwt" })
      .encrypt(publicKey);
    expect((await publish(hub(), "topic=a", bearer(token))).status).toBe(401);
  });
});

box("current, Discovery", "Unstable names", () => {
  it.each(["matchURLPattern", "matchExact", "matchType", "matchTopic"])(
    "%s of earlier drafts gets 400",
    async (name) => {
      expect((await request(hub(), `${name}=a`)).status).toBe(400);
    },
  );

  it("a reserved topic gets 400, no longer 403", async () => {
    expect((await publish(hub(), "topic=/.well-known/mercure/x")).status).toBe(400);
  });

  it.each(["Exact", "URLPattern"])("match_type %s gets 401", async (match_type) => {
    const topics = [{ match: "a", match_type }];
    const entry = { type: "https://mercure.rocks/authorization-detail", actions: ["publish"], topics };
    const token = await signCurrent({ claims: { authorization_details: [entry] } });
    expect((await publish(hub(), "topic=a", bearer(token))).status).toBe(401);
  });
});
