import { expect, it } from "vitest";
import { ask } from "../../../contract/client.js";
import type { ResponseText } from "../../../contract/http-text.js";
import { requestBytes, requestId } from "../../../contract/http-text.js";
import type { Headers } from "../../../contract/mercure-client.js";
import { bearer, formType, post } from "../../../contract/mercure-client.js";
import { mercurePath } from "../../../../src/protocol.js";
import { currentToken, olderToken } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { hubOfFile, publish, request } from "../../hub.js";

/** All subscribers need a token, so subscribers can also get every error. */
const hub = hubOfFile({ PHAROS_ANONYMOUS: "off" });

type Ask = (headers: Headers) => Promise<ResponseText>;

const asks: readonly (readonly [string, Ask])[] = [
  ["publishing", (headers) => publish(hub(), "topic=a", headers)],
  [
    "publishing without a form",
    (headers) => post(hub(), { path: "/publish/a", type: "text/plain", body: "x", headers }),
  ],
  ["subscribing", (headers) => request(hub(), "match=a", { headers })],
  ["subscribing in the older form", (headers) => request(hub(), "topic=a", { headers })],
  [
    "subscribing with QUERY",
    (headers) =>
      request(hub(), "match=a", {
        method: "QUERY",
        headers: { "Content-Type": formType, "Content-Length": "0", ...headers },
      }),
  ],
];

/** The status and the challenge. Also checks that the body has problem details. */
function told({ status, headers, body }: ResponseText): readonly [number, string | undefined] {
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(JSON.parse(body)).toEqual({
    type: "about:blank",
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: expect.stringMatching(requestId),
  });
  return [status, headers.get("www-authenticate")];
}

box("current, Errors", "No token but needed", () => {
  it.each(asks)("%s gets 401 and a challenge without an error", async (_name, ask) => {
    expect(told(await ask({}))).toEqual([401, "Bearer"]);
  });
});

box("current, Errors", "Token presented but bad", () => {
  const rows = asks.flatMap(([name, ask]) =>
    ["a.b.c", "nonsense", "e30.e30.e30"].map((token) => [name, token, ask] as const),
  );
  it.each(rows)("%s with %s gets 401 invalid_token", async (_name, token, ask) => {
    expect(told(await ask(bearer(token)))).toEqual([401, 'Bearer error="invalid_token"']);
  });

  it("does not tell which check failed", async () => {
    const tokens = [
      await currentToken({ publish: ["*"], lifetimeSeconds: -60 }),
      `${await currentToken({ publish: ["*"] })}x`,
      "nonsense",
    ];
    const bodies = [];
    for (const token of tokens) {
      const { body } = await publish(hub(), "topic=a", bearer(token));
      bodies.push({ ...JSON.parse(body), instance: undefined });
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });
});

box("current, Errors", "Valid token, not allowed", () => {
  it.each([
    ["another topic", () => currentToken({ publish: ["b"] })],
    ["reading alone", () => currentToken({ subscribe: ["*"] })],
    ["nothing", () => currentToken({})],
    ["another topic in the older form", () => olderToken({ publish: ["b"] })],
  ])("a token for %s gets 403 insufficient_scope", async (_name, token) => {
    const answer = await publish(hub(), "topic=a", bearer(await token()));
    expect(told(answer)).toEqual([403, 'Bearer error="insufficient_scope"']);
  });
});

box("current, Errors", "Malformed token presentation", () => {
  const headers = [
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Bearer a,b",
    "Bearer a, Bearer b",
    "Basic dTpw, Bearer a, Bearer b",
    "Bearer:a",
  ];
  it.each(headers.flatMap((header) => asks.map(([name, ask]) => [header, name, ask] as const)))(
    "%j: %s gets 400 invalid_request",
    async (Authorization, _name, ask) => {
      expect(told(await ask({ Authorization }))).toEqual([400, 'Bearer error="invalid_request"']);
    },
  );

  it.each(asks)("two headers: %s gets 400 invalid_request", async (_name, ask) => {
    const token = await currentToken({ publish: ["*"] });
    const answer = await ask(bearer(`${token}\r\nAuthorization: Bearer ${token}`));
    expect(told(answer)).toEqual([400, 'Bearer error="invalid_request"']);
  });

  it.each([
    ["400", "topic=*", {}],
    ["413", `topic=${"a".repeat(1025)}`, {}],
    ["415", "topic=a", { "Content-Type": "text/plain" }],
  ])("%s for another reason has no challenge", async (status, body, more) => {
    const token = bearer(await currentToken({ publish: ["*"] }));
    const answer = await post(hub(), { body, headers: { ...token, ...more } });
    expect(told(answer)).toEqual([Number(status), undefined]);
  });

  it("405 and 404 have none either", async () => {
    for (const [method, path, status] of [
      ["DELETE", mercurePath, 405],
      ["GET", `${mercurePath}/nothing`, 404],
    ] as const)
      expect(told(await ask(hub(), requestBytes({ method, path })))).toEqual([status, undefined]);
  });
});
