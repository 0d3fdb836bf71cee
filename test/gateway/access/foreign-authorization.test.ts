import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  mercurePath,
  pollPath,
  publishPath,
  streamPath,
  webSocketPath,
  webSocketProtocol,
  webSocketTokenPrefix,
} from "../../../src/protocol.js";
import { PushStreamWorld } from "../../protocols/push-stream-world.js";
import { SubscribeWorld, tokenNames, type Outcome } from "../subscribe-world.js";

const seed = 20_261_130;

const formType = { "content-type": "application/x-www-form-urlencoded" };
const page = { origin: "https://hub.example", cookie: "mercureAuthorization=current-writer" };

/** Requests of all resources that read a token, with no token, a token in the query, or a token in a cookie. */
const requests = [
  { path: streamPath, query: "topic=a&topic=b" },
  { path: streamPath, query: "topic=a", headers: { cookie: "mercureAuthorization=current-a" } },
  { path: mercurePath, query: "match=a&last_event_id=earliest" },
  { path: mercurePath, query: "topic=a&authorization=older-a" },
  { path: mercurePath, query: "topic=a", headers: { cookie: "mercureAuthorization=older-all" } },
  { method: "QUERY", path: mercurePath, body: "match=a", headers: formType },
  { method: "POST", path: mercurePath, body: "topic=a&data=b", headers: formType },
  { method: "POST", path: mercurePath, body: "topic=a&data=b", headers: { ...formType, ...page } },
  { method: "POST", path: `${publishPath}/a`, body: "b", headers: page },
  { method: "POST", path: publishPath, body: "[]", headers: {} },
] as const;

const scheme = fc.constantFrom(
  ..."Basic Negotiate NTLM Digest AWS4-HMAC-SHA256 Token JWT ApiKey Hawk Bearer-Custom bearerx".split(" "),
);
const parameters = fc.constantFrom(
  "eA==",
  'username="u", realm="a, Bearer current-a", uri="/x", nc=00000001',
  'realm="a \\", Bearer current-a"',
  'realm="never closed, Bearer current-a',
  "Credential=A/20260101/eu/x, SignedHeaders=host, Signature=00",
  "bearer=current-a",
);
const foreign = fc.oneof(
  fc.tuple(scheme, parameters).map((parts) => parts.join(" ")),
  fc.constantFrom("", " ", ",", "a.b.c", "current-a", "=", '"', "Basic"),
);

/** The part of an outcome that a client sees; without the request id. */
function seen({ answer, stream }: Outcome): unknown {
  const status = answer.kind === "stream" ? 200 : answer.status;
  return [
    status,
    stream?.toString(),
    status === 401 ? "" : answer.kind === "reply" && answer.body.toString(),
  ];
}

/** Sends the request to a world with the header, and to another world without it or with the other header. */
async function pairOf(
  request: (typeof requests)[number],
  authorization: string,
  other: string | undefined,
): Promise<readonly [unknown, unknown]> {
  const ask = async (header: string | undefined): Promise<unknown> => {
    const world = new SubscribeWorld();
    world.publish(["a"], "public");
    world.publish(["a"], "private", { private: true });
    const credentials = header === undefined ? {} : { authorization: header };
    const headers = { ...("headers" in request ? request.headers : {}), ...credentials };
    return seen(
      await world.ask({ ...request, headers }, () => world.publish(["a"], "live", { private: true })),
    );
  };
  return [await ask(authorization), await ask(other)];
}

it(`credentials of other schemes change no answer of event streams and publishing (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...requests), foreign, async (request, header) => {
      const [withHeader, without] = await pairOf(request, header, undefined);
      expect(withHeader).toEqual(without);
    }),
    { seed, numRuns: 1000 },
  );
});

/** Requests of the other resources that read a token. The token of a WebSocket is a subprotocol. */
const others = [
  { path: pollPath, query: "topic=a&wait=0&last_event_id=earliest" },
  { path: pollPath, query: "topic=a&wait=0&last_event_id=earliest&authorization=subscribe.a" },
  { path: "/lp/a", query: "time=Thu%2C%2001%20Jan%201970%2000:00:00%20GMT&authorization=subscribe.a" },
  { path: "/ev/a.b9", query: "", headers: { cookie: "mercureAuthorization=subscribe.a" } },
  { path: "/sub/a.b9", query: "authorization=subscribe.a" },
  { path: "/ws/a.b9", query: "" },
  { path: webSocketPath, query: "topic=a&last_event_id=earliest" },
  { path: "/channels-stats", query: "id=a&authorization=both.a" },
  { method: "POST", path: "/pub", query: "id=a&authorization=publish.a", body: "b" },
] as const;

/** The answer, or the first bytes of the stream, with the messages stored for the client. */
async function outcomeOf(
  request: (typeof others)[number],
  authorization: string | undefined,
): Promise<unknown> {
  const world = new PushStreamWorld({ others: true });
  world.publish("a", "public");
  world.publish("a", "private", { private: true });
  const credentials = authorization === undefined ? {} : { authorization };
  const isSocket = request.path.startsWith("/ws");
  const socket = { "sec-websocket-protocol": `${webSocketProtocol}, ${webSocketTokenPrefix}subscribe.a` };
  const headers = { ...("headers" in request ? request.headers : {}), ...credentials };
  if (isSocket) return (await world.openSocket({ ...request, headers: { ...socket, ...headers } })).messages;
  if (/^\/(?:ev|sub)\//.test(request.path)) return (await world.open({ ...request, headers })).text;
  // A host that is not local: `--open` does not apply.
  const { status, body } = await world.ask({ ...request, headers: { host: "hub.example", ...headers } });
  return [status, body.toString()];
}

it(`credentials of other schemes change no answer of polls, WebSockets and push streams (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...others), foreign, async (request, header) => {
      const without = await outcomeOf(request, undefined);
      expect(await outcomeOf(request, header)).toEqual(without);
      expect(JSON.stringify(without)).toMatch(/private|200/);
    }),
    { seed, numRuns: 300 },
  );
});

it(`one Bearer among credentials of other schemes counts as if it were alone (seed ${seed})`, async () => {
  const others = fc.array(
    fc.tuple(scheme, fc.constantFrom("eA==", 'realm="a, b"')).map((parts) => parts.join(" ")),
    { maxLength: 2 },
  );
  const bearer = fc.constantFrom(...tokenNames, "unknown").map((token) => `Bearer ${token}`);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...requests),
      fc.tuple(others, bearer, others),
      async (request, [before, alone, after]) => {
        const [withOthers, without] = await pairOf(request, [...before, alone, ...after].join(", "), alone);
        expect(withOthers).toEqual(without);
      },
    ),
    { seed, numRuns: 500 },
  );
});

const twice = "Bearer current-a, Bearer current-a";

it.each([
  "Bearer",
  "Bearer ",
  "Bearer a b",
  "Bearer a, b",
  "Bearer:a",
  "bearer=a",
  twice,
  `Basic eA==, ${twice}`,
])("%j is malformed on every path", async (authorization) => {
  for (const request of requests) {
    const headers = { ...("headers" in request ? request.headers : {}), authorization };
    const { answer } = await new SubscribeWorld().ask({ ...request, headers }, () => undefined);
    expect([request.path, answer]).toMatchObject([request.path, { kind: "reply", status: 400 }]);
  }
});

it("a client whose credentials do not count learns why it needs a token", async () => {
  const request = { method: "POST", path: publishPath, body: "[]", headers: { authorization: "Basic eA==" } };
  const { answer } = await new SubscribeWorld().ask(request, () => undefined);
  expect(answer.kind === "reply" && answer.body.toString()).toContain(
    "publishing needs a token; its Authorization header is not Bearer, so the hub ignores the header",
  );
});
