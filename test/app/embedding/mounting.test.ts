import express from "express";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import { connectRaw } from "../../support/raw-http.js";
import { handshakeHeaders } from "../../support/web-socket.js";
import { requestBytes } from "../../contract/http-text.js";
import { besideHost, hubForTest, listenForTest, startProgram, StreamText } from "./program.js";

const within = 30_000;

describe("a hub below a path of a server", () => {
  it("answers there and nowhere else", async () => {
    const { url } = await startProgram({ prefix: "/live" }, besideHost);
    const texts = await Promise.all(
      ["/", "/healthz", "/live/healthz", "/live/nothing"].map(async (path) => {
        const response = await fetch(`${url}${path}`);
        return `${response.status} ${(await response.text()).slice(0, 14)}`;
      }),
    );
    expect(texts).toEqual(
      ["200 host", "200 host", '200 {"status":"ok"', '404 {"type":"about'].map((text) => text.slice(0, 18)),
    );
  });

  it("publishes and streams", async () => {
    const { hub, url } = await startProgram({ prefix: "/live", open: true }, besideHost);
    const stream = new StreamText(await fetch(`${url}/live/esupdates?topic=news`));
    await hub.publish({ topic: "news", data: "from the program" });
    await fetch(`${url}/live/publish/news`, { method: "POST", body: "over HTTP" });
    expect((await stream.until("over HTTP")).match(/(?<=data: ).*/g)).toEqual([
      "from the program",
      "over HTTP",
    ]);
  });

  it.each(["/live", "/live?tab=stats"])("sends browsers from %s to the page", async (path) => {
    const { url } = await startProgram({ prefix: "/live" }, besideHost);
    const response = await fetch(`${url}${path}`, { redirect: "manual" });
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe(path.replace("/live", "/live/"));
    const page = await fetch(`${url}/live/`);
    expect(await page.text()).toContain("<!doctype html>");
  });

  it("serves the browser library, and no page if there shall be none", async () => {
    const { url } = await startProgram({ prefix: "/live" }, besideHost);
    expect((await fetch(`${url}/live/pharos-client.js`)).headers.get("content-type")).toContain("javascript");
    const other = await startProgram({ prefix: "/live", page: false }, besideHost);
    expect((await fetch(`${other.url}/live/pharos-client.js`)).status).toBe(404);
    expect((await fetch(`${other.url}/live/`)).status).toBe(404);
  });

  it("is at the same path if a router cuts the path off", async () => {
    const { hub, url } = await startProgram({ prefix: "/live" }, (each) => {
      const app = express();
      app.use("/live", each.handler);
      app.use((_request, response) => void response.send("host"));
      return app;
    });
    const stream = new StreamText(await fetch(`${url}/live/esupdates?topic=a`));
    await hub.publish({ topic: "a", data: "x" });
    expect(await stream.until("data: x")).toContain("data: x");
    expect((await fetch(`${url}/live`, { redirect: "manual" })).headers.get("location")).toBe("/live/");
    // What the hub does not serve goes on to the host.
    expect(await (await fetch(`${url}/live/nothing`)).text()).toBe("host");
    expect(await (await fetch(`${url}/elsewhere`)).text()).toBe("host");
  });

  it("gives tokens the URL with its path as their audience", async () => {
    const { url } = await startProgram(
      {
        prefix: "/live",
        publicUrl: "https://app.example",
        tokenSecret: "a secret of at least 32 bytes, yes",
      },
      besideHost,
    );
    const metadata = await fetch(`${url}/live/.well-known/oauth-protected-resource/.well-known/mercure`);
    expect(await metadata.json()).toMatchObject({ resource: "https://app.example/live/.well-known/mercure" });
  });
});

describe("a request that is not below the path of the hub", () => {
  it.each(["/esupdates", "/", "/console.js", "/lively/healthz", "/live%2Fhealthz", "//live/healthz"])(
    "is the host's: %s",
    async (path) => {
      // Bug: the hub took a path without its prefix for one that a router has cut off.
      const { url } = await startProgram({ prefix: "/live" }, (hub) => (request, response) => {
        hub.handler(request, response, () => void response.end("host"));
      });
      expect(await (await fetch(`${url}${path}`)).text()).toBe("host");
      const alone = await startProgram({ prefix: "/live" }, (hub) => hub.handler);
      expect((await fetch(`${alone.url}${path}`)).status).toBe(404);
    },
  );
});

describe("WebSockets of a server with a hub", () => {
  const handshake = (path: string): string => requestBytes({ path, headers: handshakeHeaders });

  it("open below the path of the hub", async () => {
    const { hub, server, url } = await startProgram({ prefix: "/live" }, besideHost);
    hub.attach(server);
    const connection = await connectRaw({ port: Number(new URL(url).port) });
    connection.write(handshake("/live/ws?topic=a"));
    await connection.readUntil("101 Switching Protocols", { within });
    await hub.publish({ topic: "a", data: "framed" });
    expect(await connection.readUntil("framed", { within })).toContain("framed");
  });

  it("of others go to the other listeners", async () => {
    const { hub, server, url } = await startProgram({ prefix: "/live" }, besideHost);
    hub.attach(server);
    server.on("upgrade", (request, socket) => {
      if (request.url === "/other") socket.end("HTTP/1.1 101 Other\r\n\r\n");
    });
    const connection = await connectRaw({ port: Number(new URL(url).port) });
    connection.write(handshake("/other"));
    expect(await connection.readToEnd({ within })).toBe("HTTP/1.1 101 Other\r\n\r\n");
  });

  it.each(["/x", "/x/live"])("and other upgrades of %s are requests if nobody else listens", async (path) => {
    // Without a listener, Node ignores `Upgrade`. Java's HTTP client sends `Upgrade: h2c` with each first request.
    const { hub, server, url } = await startProgram({ prefix: "/live" }, besideHost);
    hub.attach(server);
    const connection = await connectRaw({ port: Number(new URL(url).port) });
    connection.write(
      requestBytes({ path, headers: { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c" } }),
    );
    expect(await connection.readToEnd({ within })).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*host/);
  });

  it("are no longer the hub's when it is closed", async () => {
    const { hub, server } = await startProgram({ prefix: "/live" }, besideHost);
    hub.attach(server);
    hub.attach(server);
    expect(server.listenerCount("upgrade")).toBe(1);
    await hub.close();
    expect(server.listenerCount("upgrade")).toBe(0);
  });

  it("need a server that passes upgrades", async () => {
    const { url } = await startProgram({ prefix: "/live" }, besideHost);
    const connection = await connectRaw({ port: Number(new URL(url).port) });
    connection.write(handshake("/live/ws?topic=a"));
    expect(await connection.readUntil("\r\n\r\n", { within })).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe("two hubs in one process", () => {
  it("do not know of each other", async () => {
    const [first, second] = [await hubForTest({ prefix: "/a" }), await hubForTest({ prefix: "/b" })];
    const url = await listenForTest(
      createServer((request, response) => {
        (request.url?.startsWith("/a/") === true ? first : second).handler(request, response);
      }),
    );
    const a = new StreamText(await fetch(`${url}/a/esupdates?topic=t`));
    const b = new StreamText(await fetch(`${url}/b/esupdates?topic=t`));
    await first.publish({ topic: "t", data: "one" });
    await second.publish({ topic: "t", data: "two" });
    expect(await a.until("data: one")).not.toContain("two");
    expect(await b.until("data: two")).not.toContain("one");
    await first.close();
    await a.toEnd();
    await second.publish({ topic: "t", data: "three" });
    expect(await b.until("data: three")).toContain("data: three");
    expect((await fetch(`${url}/a/healthz`)).status).toBe(503);
  });
});

describe("the program around a hub", () => {
  it("gets the errors of a publication that the hub refuses", async () => {
    const hub = await hubForTest();
    await expect(hub.publish({ topic: "", data: "x" })).rejects.toThrow(PharosError);
    await expect(hub.publish({ topics: ["a"] } as never)).rejects.toThrow('there is no field "topics"');
    await expect(hub.publish({ topic: "a", data: "x", type: "pharos-x" })).rejects.toMatchObject({
      code: "bad-event-type",
    });
  });

  it("is told if it has begun the response", async () => {
    let error: unknown;
    const { url } = await startProgram({}, (hub) => (request, response) => {
      response.write("host");
      try {
        hub.handler(request, response);
      } catch (thrown) {
        error = thrown;
      }
      response.end();
    });
    expect(await (await fetch(`${url}/esupdates`)).text()).toBe("host");
    expect(String(error)).toContain("the response has begun already");
  });
});

it("a hub in a server at a unix socket answers", async () => {
  const hub = await hubForTest({ trustedProxies: ["unix"] });
  const server = createServer(hub.handler);
  const folder = await mkdtemp(join(tmpdir(), "pharos-unix-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await new Promise<void>((resolve) => server.listen(join(folder, "host"), resolve));
  onTestFinished(() => void server.close());
  const connection = createConnection(join(folder, "host"));
  onTestFinished(() => void connection.destroy());
  connection.setEncoding("latin1").write(requestBytes({ path: "/healthz" }));
  const [answer] = (await once(connection, "data")) as [string];
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

it("a client whose address the system no longer knows may not publish without a token", async () => {
  // A client that resets its connection has no address, as a program at a unix socket has none.
  const { url } = await startProgram({ open: true }, (hub) => (request, response) => {
    Object.defineProperty(request.socket, "remoteAddress", { value: undefined });
    hub.handler(request, response);
  });
  const connection = await connectRaw({ port: Number(new URL(url).port) });
  connection.write(
    requestBytes({ method: "POST", path: "/publish/a", headers: { "Content-Length": "1" }, body: "x" }),
  );
  expect(await connection.readUntil("\r\n\r\n", { within })).toMatch(/^HTTP\/1\.1 401 /);
});
