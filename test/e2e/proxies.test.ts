import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls } from "node:tls";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { atSuiteEnd } from "../support/at-suite-end.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { ProxiedStream, type Ask } from "../support/proxies/proxied-stream.js";
import { proxyNames, type ProxyName } from "../support/proxies/proxy-kinds.js";
import { startProxy, type Proxy, type Set } from "../support/proxies/start-proxy.js";
import { olderToken, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

/**
 * lighttpd 1.4.82 and older send a response only when it is complete: until then, `http_response_handler()` (response.c)
 * asks only for `server.stream-response-body`, which no header of a response sets. Newer versions obey `Incremental`.
 */
const holdsStreams: ReadonlySet<ProxyName> = new Set(["lighttpd"]);

interface Site {
  readonly proxy: Proxy;
}

const onEnd = atSuiteEnd();

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({
    args: ["--trusted-proxy", "127.0.0.1", "--log-level", "debug"],
    env: { PHAROS_TOKEN_SECRET: secret },
    onEnd,
  });
});

/** A proxy in front of the hub, for all tests of a suite. */
function proxyOfSuite(name: ProxyName, set: Set): { readonly proxy: Proxy } {
  let proxy: Proxy | undefined;
  const onEnd = atSuiteEnd();
  beforeAll(async () => {
    proxy = await startProxy(name, { set, hub: `127.0.0.1:${hub.httpPort}`, onEnd });
  });
  return {
    get proxy() {
      if (proxy === undefined) throw new Error(`${name} does not run`);
      return proxy;
    },
  };
}

/** Publishes through the proxy, and waits for the response of the hub. */
async function publish(
  { proxy }: Site,
  path: string,
  body: Ask["body"] = "Hello",
): Promise<number | undefined> {
  const headers = { Authorization: `Bearer ${await olderToken({ publish: ["*"] })}` };
  const answer = new ProxiedStream(proxy, { method: "POST", path, headers, body });
  await answer.untilEnd({ within });
  return answer.status;
}

/** Follows `news` by this path, and waits for an event that is published when the stream is open. */
async function streamAfterEvent(
  site: Site,
  { path, opened }: { path: string; opened: string },
): Promise<ProxiedStream> {
  const stream = new ProxiedStream(site.proxy, { path });
  await stream.until(opened, { within });
  expect(await publish(site, "/publish/news")).toBe(200);
  await stream.until("Hello", { within });
  return stream;
}

/** Polls for the event after the present position. */
async function pollOfEvent(site: Site): Promise<ProxiedStream> {
  const first = new ProxiedStream(site.proxy, { path: "/poll?topic=news" });
  await first.untilEnd({ within });
  const { position } = JSON.parse(first.text) as { position: string };
  const path = `/poll?topic=news&last_event_id=${encodeURIComponent(position)}`;
  const second = new ProxiedStream(site.proxy, { path });
  expect(await publish(site, "/publish/news", "polled")).toBe(200);
  await second.until("polled", { within });
  return second;
}

describe.each(proxyNames)("%s with nothing but its forwarding line", (name) => {
  const site = proxyOfSuite(name, "plain");

  if (!holdsStreams.has(name))
    it("passes each event on at once", async () => {
      const stream = await streamAfterEvent(site, { path: "/esupdates?topic=news", opened: "retry:" });
      expect(stream.ended, "the event came at once, not with the end of the stream").toBeUndefined();
    });

  it("passes polls on", async () => {
    expect(await pollOfEvent(site)).toMatchObject({ status: 200 });
  });
});

describe.each(proxyNames)("%s with its configuration of deploy/", (name) => {
  const site = proxyOfSuite(name, "deployed");

  it("passes streams, WebSockets and polls on at once", async () => {
    const stream = await streamAfterEvent(site, { path: "/esupdates?topic=news", opened: "retry:" });
    expect(stream.ended, "the event came at once, not with the end of the stream").toBeUndefined();
    const socket = await streamAfterEvent(site, { path: "/ws?topic=news", opened: '"position"' });
    expect(socket).toMatchObject({ status: 101, ended: undefined });
    expect(await pollOfEvent(site)).toMatchObject({ status: 200 });
  });

  it("passes on the largest head and body that the hub accepts, and encoded slashes", async () => {
    const filters = Array.from({ length: 90 }, (_, at) => `topic=${String(at).padStart(140, "x")}`);
    const path = `/esupdates?${filters.join("&")}&topic=https://example.com/news/1`;
    const stream = new ProxiedStream(site.proxy, { path });
    await stream.until("retry:", { within });
    const topic = encodeURIComponent("https://example.com/news/1");
    expect(await publish(site, `/publish/${topic}`, `${"x".repeat(1_000_000)}, the end`)).toBe(200);
    await stream.until(", the end", { within });
  });

  it("tells the hub the client's address, whatever header the client sends", async () => {
    const from = `127.0.0.${10 + proxyNames.indexOf(name)}`;
    const headers = { "X-Forwarded-For": "203.0.113.9, 127.0.0.1" };
    const answer = new ProxiedStream(site.proxy, { path: "/esupdates?topic=%23/a", headers, from });
    await answer.untilEnd({ within });
    expect(answer.status).toBe(400);
    await hub.waitForLog(new RegExp(`"client":"${from}"`), { within });
  });

  it("speaks HTTP/2, and no TLS older than 1.2", async () => {
    const { proxy } = site;
    const ca = proxy.certificate.certificate;
    const session = connectHttp2(`https://localhost:${proxy.port}`, { ca });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/esupdates?topic=news", accept: "text/event-stream" });
    const [headers] = (await once(stream, "response")) as [{ readonly ":status": number }];
    expect(headers[":status"]).toBe(200);
    const old = connectTls({
      port: proxy.port,
      host: "127.0.0.1",
      servername: "localhost",
      ca,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    const [error] = (await once(old, "error")) as [Error];
    expect(error.message).toMatch(/version|alert|ECONNRESET|disconnected/i);
  });

  it("sends clients of plain HTTP to https", async () => {
    const { proxy } = site;
    const answer = await fetch(`http://localhost:${proxy.redirectPort}/esupdates?topic=a%2Fb`, {
      redirect: "manual",
    });
    expect(answer.status).toBe(308);
    expect(answer.headers.get("location")).toMatch(/^https:\/\/localhost(:\d+)?\/esupdates\?topic=a%2Fb$/);
  });
});

it("nginx, HAProxy and Caddy close the connection of a stream while no hub runs, so that a browser tries again", async () => {
  const stopped = await startHub();
  const proxies = await Promise.all(
    (["nginx", "haproxy", "caddy"] as const).map((name) =>
      startProxy(name, { set: "deployed", hub: `127.0.0.1:${stopped.httpPort}` }),
    ),
  );
  await stopped.stop();
  const closed = await Promise.all(
    proxies.map((proxy) =>
      waitFor(async () => (await statusOf(proxy)) === undefined && proxy.name, {
        within,
        missing: `${proxy.name} answers while no hub runs`,
      }),
    ),
  );
  expect(closed).toEqual(["nginx", "haproxy", "caddy"]);
});

async function statusOf(proxy: Proxy): Promise<number | undefined> {
  const stream = new ProxiedStream(proxy, { path: "/esupdates?topic=news" });
  await stream.untilEnd({ within });
  return stream.status;
}
