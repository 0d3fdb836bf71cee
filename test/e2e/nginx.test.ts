import { once } from "node:events";
import { connect } from "node:http2";
import { expect, it, onTestFinished } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { startChromium } from "../support/chromium.js";
import { ask, publish, Reading, startBehindNginx } from "../support/nginx-client.js";
import { deployFile } from "../support/proxies/deploy-file.js";
import { currentToken } from "../support/token.js";

const within = 30_000;

it("passes events on at once with its default buffering, and lets clients resume", async () => {
  const { nginx } = await startBehindNginx();
  const first = new Reading(await ask(nginx, { path: `${mercurePath}?match=news` }));
  await first.until("retry: ");
  await publish(nginx, { topic: "news", data: "one", id: "urn:1" });
  await first.until("data: one");
  expect(first.hasEnded, "an event that a buffer had held back would have come with the end").toBe(false);
  await publish(nginx, { topic: "news", data: "two" });
  const headers = { "Last-Event-ID": "urn:1" };
  const second = new Reading(await ask(nginx, { path: `${mercurePath}?match=news`, headers }));
  await second.until("data: two");
  expect(second.text).not.toContain("data: one");
});

it("needs no buffering setting: the streams themselves forbid buffering", () => {
  const text = deployFile("nginx/nginx.conf");
  expect(text).toContain("location / {");
  expect(text).not.toMatch(/^\s*proxy_(request_)?buffering/m);
});

it("accepts heads and bodies as large as the hub does, and carries HTTP/2", async () => {
  const { nginx } = await startBehindNginx();
  const filters = Array.from({ length: 100 }, (_, at) => `match=${String(at).padStart(140, "x")}`);
  const stream = new Reading(await ask(nginx, { path: `${mercurePath}?${filters.join("&")}` }));
  await stream.until("retry: ");
  await publish(nginx, { topic: "news", data: "x".repeat(1_000_000) });
  const session = connect(`https://localhost:${nginx.port}`, { ca: nginx.certificate });
  onTestFinished(() => session.destroy());
  const second = session.request({ ":path": "/healthz" });
  const [headers] = (await once(second, "response")) as [{ readonly ":status": number }];
  expect(headers[":status"]).toBe(200);
});

it("passes on the client's address, whatever headers the client sends", async () => {
  const { hub, nginx } = await startBehindNginx();
  const headers = { "X-Forwarded-For": "203.0.113.9, 127.0.0.1" };
  const answer = await ask(nginx, { path: mercurePath, headers });
  answer.resume();
  expect(answer.statusCode).toBe(400);
  const [line] = await hub.waitForLog(/.*missing \\"match\\".*/, { within });
  expect(JSON.parse(line)).toMatchObject({ client: "127.0.0.2" });
});

it("carries the Secure cookie of a page, which then reads private events", async () => {
  const { nginx } = await startBehindNginx();
  const browser = await startChromium({ ignoreHttpsErrors: true });
  const page = await browser.openPage(`https://localhost:${nginx.port}/healthz`);
  const token = await currentToken({ subscribe: ["mine"] });
  await page.evaluate(
    async ({ cookie, path }) => {
      document.cookie = `${cookie}; Secure; SameSite=Strict; Path=${path}`;
      const source = new EventSource(`${path}?match=mine`, { withCredentials: true });
      const got: string[] = [];
      Object.assign(globalThis, { got });
      source.addEventListener("message", ({ data }) => got.push(String(data)));
      await new Promise((resolve) => source.addEventListener("open", resolve));
    },
    { cookie: `__Secure-mercure_access_token=${token}`, path: mercurePath },
  );
  await publish(nginx, { topic: "mine", data: "for you alone", private: "" });
  const got = await page.waitForFunction(() => (globalThis as unknown as { got: string[] }).got[0], null, {
    timeout: within,
  });
  expect(await got.jsonValue()).toBe("for you alone");
});

it("carries a page's WebSocket", async () => {
  const { nginx } = await startBehindNginx();
  const browser = await startChromium({ ignoreHttpsErrors: true });
  const page = await browser.openPage(`https://localhost:${nginx.port}/healthz`);
  await page.evaluate(async () => {
    const socket = new WebSocket(`wss://${location.host}/ws?topic=news`, "pharos");
    const got: string[] = [];
    Object.assign(globalThis, { got });
    // The second message is the position. After this message the page is subscribed.
    await new Promise((resolve) =>
      socket.addEventListener("message", ({ data }) => got.push(String(data)) === 2 && resolve(undefined)),
    );
  });
  await publish(nginx, { topic: "news", data: "by WebSocket" });
  const got = await page.waitForFunction(() => (globalThis as unknown as { got: string[] }).got[2], null, {
    timeout: within,
  });
  expect(JSON.parse((await got.jsonValue()) ?? "")).toMatchObject({ kind: "event", data: "by WebSocket" });
});
