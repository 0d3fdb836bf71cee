import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { startChromium } from "../support/chromium.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { printFigures } from "../support/load/figures.js";
import { startNginx, type Nginx } from "../support/nginx.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { Changes } from "../support/wait-for.js";

const within = 30_000;

async function startBehindNginx(): Promise<{ readonly hub: HubProcess; readonly nginx: Nginx }> {
  const hub = await startHub({
    args: ["--trusted-proxy", "127.0.0.1", "--log-level", "debug", "--publish-origin", "https://localhost"],
    env: { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret },
  });
  return { hub, nginx: await startNginx({ upstream: `127.0.0.1:${hub.httpPort}` }) };
}

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request over TLS from 127.0.0.2, which is nobody's proxy. */
function ask(
  { port, certificate }: Nginx,
  { method = "GET", path, headers = {}, body = "" }: Ask,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        servername: "localhost",
        localAddress: "127.0.0.2",
        port,
        ca: certificate,
        method,
        path,
        headers,
      },
      resolve,
    );
    sent.on("error", reject);
    sent.end(body);
    onTestFinished(() => void sent.destroy());
  });
}

async function publish(nginx: Nginx, fields: Readonly<Record<string, string>>): Promise<void> {
  const headers = {
    Authorization: `Bearer ${await currentToken({ publish: ["*"] })}`,
    "Content-Type": "application/x-www-form-urlencoded",
  };
  const body = new URLSearchParams(fields).toString();
  const answer = await ask(nginx, { method: "POST", path: mercurePath, headers, body });
  answer.resume();
  expect(answer.statusCode).toBe(200);
}

/** A stream as text, as it comes. */
class Reading {
  readonly #changes = new Changes();
  text = "";

  constructor(stream: IncomingMessage) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      this.text += piece;
      this.#changes.changed();
    });
  }

  async until(text: string): Promise<void> {
    await this.#changes.until(() => this.text.includes(text), { within, missing: `${text} has not come` });
  }
}

it("lets events through at once, with its buffering as it comes, and resumes", async () => {
  const { nginx } = await startBehindNginx();
  const first = new Reading(await ask(nginx, { path: `${mercurePath}?match=news` }));
  await first.until("id: #");
  const startedAt = performance.now();
  await publish(nginx, { topic: "news", data: "one", id: "urn:1" });
  await first.until("data: one");
  const took = Math.round(performance.now() - startedAt);
  printFigures("an event through nginx with TLS and its default buffering", [
    `published to received: ${took} ms`,
  ]);
  await publish(nginx, { topic: "news", data: "two" });
  const headers = { "Last-Event-ID": "urn:1" };
  const second = new Reading(await ask(nginx, { path: `${mercurePath}?match=news`, headers }));
  await second.until("data: two");
  expect(second.text).not.toContain("data: one");
});

it("tells the client's own address, whatever the client says of it", async () => {
  const { hub, nginx } = await startBehindNginx();
  const headers = { "X-Forwarded-For": "203.0.113.9, 127.0.0.1" };
  const answer = await ask(nginx, { path: mercurePath, headers });
  answer.resume();
  expect(answer.statusCode).toBe(400);
  const [line] = await hub.waitForLog(/.*missing \\"match\\".*/, { within });
  expect(JSON.parse(line)).toMatchObject({ client: "127.0.0.2" });
});

it("carries the Secure cookie of a page, which then reads what is private", async () => {
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
