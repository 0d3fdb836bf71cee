import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { atSuiteEnd } from "../../support/at-suite-end.js";
import { startHub, type HubProcess } from "../../support/hub-process.js";
import { startHttp2Hub } from "../../support/http2/hub.js";
import { connectNode, type NodeRequest } from "../../support/http2/node-client.js";
import { headersFrame, literalBlock } from "../../support/http2/frames.js";
import { connectHttp2, requestFields } from "../../support/http2/raw-client.js";
import { connectRaw, exchangeRaw } from "../../support/raw-http.js";
import { parseResponse } from "../../contract/http-text.js";
import { currentToken, hubUrl, issuer, secret } from "../../support/token.js";

const within = 60_000;
const run = promisify(execFile);

const cors = ["--cors-origin", "https://app.example"];
const plainText = { "content-type": "text/plain" };

/** Requests whose answers are the same over both versions of HTTP. */
const requests: Readonly<Record<string, readonly [path: string, request: NodeRequest]>> = {
  "the page": ["/", {}],
  "a script": ["/pharos-client.js", {}],
  "a script by HEAD": ["/pharos-client.js", { method: "HEAD" }],
  "a script that the client has": ["/pharos-client.js", { headers: { "if-none-match": "*" } }],
  "a part of a script": ["/pharos-client.js", { headers: { range: "bytes=0-9" } }],
  "a file that does not exist": ["/nothing", {}],
  "a malformed path": ["/%zz", {}],
  "a method that a file does not have": ["/", { method: "DELETE" }],
  "a health check": ["/healthz", {}],
  "a health check by HEAD": ["/healthz", { method: "HEAD" }],
  "a stream by HEAD": ["/esupdates?topic=a", { method: "HEAD" }],
  "a stream with a wrong filter": ["/esupdates?topic=a/%23/b", {}],
  "a WebSocket's path": ["/ws", {}],
  "a poll with a mistake": ["/poll?wait=x", {}],
  "a preflight": [
    "/publish/a",
    {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "POST" },
    },
  ],
  "a preflight of a stranger": [
    "/publish/a",
    { method: "OPTIONS", headers: { origin: "https://x.example", "access-control-request-method": "POST" } },
  ],
  "a large head": ["/healthz", { headers: { "x-large": "x".repeat(17_000) } }],
  "many header lines": [
    "/healthz",
    { headers: Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`x-${index}`, "x"])) },
  ],
  "a large body": ["/publish/a", { method: "POST", headers: plainText, body: "x".repeat(1_100_000) }],
  "a body of a wrong type": ["/publish", { method: "POST", headers: plainText, body: "{}" }],
  "a publication without a topic": ["/publish/", { method: "POST", body: "x" }],
  "a wrong token": ["/publish/a", { method: "POST", headers: { authorization: "Bearer a.b.c" }, body: "x" }],
};

/** Headers that differ between two answers, and those of one connection of HTTP/1.1. */
const otherHeaders = new Set([
  "date",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "x-request-id",
]);

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function comparable({ status, headers, body }: Told): Told {
  const kept = Object.entries(headers).filter(([name]) => !otherHeaders.has(name));
  return {
    status,
    headers: Object.fromEntries(kept.sort(([one], [other]) => one.localeCompare(other))),
    body: body.replaceAll(/urn:uuid:[0-9a-f-]+/g, "urn:uuid:…"),
  };
}

/** Sends the same request over HTTP/1.1. */
async function overHttp1(port: number, path: string, request: NodeRequest): Promise<Told> {
  const { method = "GET", headers = {}, body = "" } = request;
  const connection = await connectRaw({ port, tls: true });
  const length = method === "POST" ? { "Content-Length": String(body.length) } : {};
  const fields = Object.entries({ Host: `127.0.0.1:${port}`, ...length, ...headers });
  const lines = fields.map(([name, value]) => `${name}: ${String(value)}\r\n`).join("");
  connection.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body.toString()}`);
  const options = { toHead: method === "HEAD" };
  const text = await connection.readUntil((each) => parseResponse(each, options) !== undefined, { within });
  connection.close();
  const response = parseResponse(text, options);
  if (response === undefined) throw new Error("the response is complete");
  const { status, headers: received } = response;
  const decoded = Buffer.from(response.body, "latin1").toString("utf8");
  return { status, headers: Object.fromEntries(received), body: decoded };
}

async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("curl", ["-sS", "-k", "--max-time", "60", ...args]).catch(
    (error: { stdout: string; stderr: string }) => ({ stdout: error.stdout + error.stderr }),
  );
  return stdout;
}

const versionAndStatus = ["-o", "/dev/null", "-w", "%{http_version} %{http_code}"];

function httpsUrl(hub: HubProcess): string {
  return `https://127.0.0.1:${hub.httpPort}`;
}

describe.each([0, 2])("with %i workers, over HTTP/2 as over HTTP/1.1", (workers) => {
  const onEnd = atSuiteEnd();
  let hub: HubProcess;

  beforeAll(async () => {
    hub = await startHttp2Hub({ workers, args: cors, onEnd });
  });

  test.each(Object.entries(requests))("%s is answered", async (_, [path, request]) => {
    const client = await connectNode({ port: hub.httpPort });
    const answer = await client.ask(path, request);
    const bytes = Buffer.byteLength(answer.body);
    const length = Number(answer.headers["content-length"] ?? bytes);
    expect(request.method === "HEAD" ? 0 : length).toBe(bytes);
    expect(comparable(answer)).toEqual(comparable(await overHttp1(hub.httpPort, path, request)));
    // The connection goes on.
    expect((await client.ask("/healthz")).status).toBe(200);
  });
});

describe.each([0, 2])("with %i workers", (workers) => {
  test("Node publishes, follows and polls on one connection", async () => {
    const hub = await startHttp2Hub({ workers });
    const client = await connectNode({ port: hub.httpPort });
    const stream = await client.events("/esupdates?topic=news/%23");
    const first = JSON.parse((await client.ask("/poll?topic=news/a")).body) as { readonly position: string };
    const waiting = client.ask(`/poll?topic=news/a&last_event_id=${encodeURIComponent(first.position)}`);
    const body = "x".repeat(300_000);
    const published = await client.ask("/publish/news/a", { method: "POST", headers: plainText, body });
    expect(published.status).toBe(200);
    await stream.untilEvent(body);
    expect(JSON.parse((await waiting).body)).toMatchObject({ events: [{ data: body }] });
    const many = await client.ask("/publish", {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: '{"topic":"news/b","data":"1"}\n{"topic":"news/c","data":"2"}\n',
    });
    expect(many.status).toBe(200);
    expect((await stream.untilEvent("2")).slice(1)).toEqual(["1", "2"]);
    expect(stream.text).not.toContain("\r\n");
  });

  test("several Cookie fields count as one", async () => {
    const env = { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret };
    const hub = await startHttp2Hub({ workers, env });
    const token = await currentToken({ subscribe: ["*"], publish: ["*"] });
    const client = await connectHttp2({ port: hub.httpPort });
    const path = "/.well-known/mercure?topic=a";
    const stream = client.expect(client.nextStream);
    const fields = [
      ...requestFields(path),
      ["cookie", "theme=dark"],
      ["cookie", `mercureAuthorization=${token}`],
      ["cookie", "last=1"],
      ["cache-control", "no-cache"],
    ] as const;
    client.send(headersFrame(stream.id, literalBlock(fields)));
    await client.until(() => stream.hasReceived("\n\n"), "the stream");
    const published = await (
      await connectNode({ port: hub.httpPort })
    ).ask("/.well-known/mercure", {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "topic=a&data=secret&private=on",
    });
    expect(published.status).toBe(200);
    await client.untilEvent(stream, "secret");
  });

  test("curl publishes, follows a stream and uploads with HTTP/2", async () => {
    const hub = await startHttp2Hub({ workers });
    const url = httpsUrl(hub);
    expect(await curl("--http2", ...versionAndStatus, `${url}/`)).toBe("2 200");
    expect(await curl("--http1.1", ...versionAndStatus, `${url}/`)).toBe("1.1 200");
    expect(await curl("--http2", "-I", `${url}/`)).toMatch(/^HTTP\/2 200 /);
    const following = curl("--http2", "-N", "--max-time", "10", `${url}/esupdates?topic=news`);
    const publish = async (data: string): Promise<string> =>
      curl("--http2", "-d", data, "-H", "content-type: text/plain", `${url}/publish/news`);
    // The stream begins some time after curl has started.
    for (let count = 0; count < 5; count += 1) {
      expect(await publish(`event ${count}`)).toContain("#");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const text = await following;
    expect(text).toMatch(/^: pharos, topics \["news"\]\nretry: \d+\n/);
    expect(text).toContain("data: event 4\n\n");
  });

  test("nghttp and h2load get all answers", async () => {
    const hub = await startHttp2Hub({ workers });
    const url = httpsUrl(hub);
    const { stdout } = await run("nghttp", ["-v", "--no-dep", "-y", `${url}/healthz`], { timeout: within });
    expect(stdout).toMatch(/:status: 200[^]*"status":"ok"/);
    expect(stdout).not.toMatch(/\[ERROR\]|GOAWAY.*(?:PROTOCOL|INTERNAL)/);
    const file = join(hub.scratch, "body");
    writeFileSync(file, "load".repeat(1000));
    // The hub sends at most 64 files at the same time.
    const loads = [
      ["-m", "50", "/healthz"],
      ["-m", "5", "/pharos-client.js"],
      ["-m", "50", "-d", file, "/publish/load"],
    ];
    for (const args of loads) {
      const target = [...args.slice(0, -1), `${url}${args.at(-1) ?? ""}`];
      const load = await run("h2load", ["-n", "2000", "-c", "10", ...target], { timeout: within });
      expect(load.stdout).toContain(
        "2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored",
      );
      expect(load.stdout).toContain("Application protocol: h2");
    }
  });

  test("HTTP/2 without TLS is for trusted proxies", async () => {
    const hub = await startHttp2Hub({ tls: false, workers });
    const url = hub.httpUrl;
    expect(await curl("--http2-prior-knowledge", ...versionAndStatus, `${url}/`)).toBe("2 200");
    // Without a proxy's knowledge, curl asks for an upgrade, which the hub does not accept.
    expect(await curl("--http2", ...versionAndStatus, `${url}/`)).toBe("1.1 200");
    const { stdout } = await run("nghttp", [`${url}/healthz`], { timeout: within });
    expect(stdout).toContain('"status":"ok"');
    const client = await connectNode({ port: hub.httpPort, tls: false });
    const stream = await client.events("/esupdates?topic=a");
    await client.ask("/publish/a", { method: "POST", body: "x" });
    await stream.untilEvent("x");
  });

  test("HTTP/2 without TLS is refused to others, who are told why", async () => {
    const hub = await startHub({ args: ["--workers", String(workers)] });
    const answer = await exchangeRaw(
      { port: hub.httpPort },
      { bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", within },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(answer).toMatch(/HTTP\/2/);
  });

  test("with --http2 off, clients get HTTP/1.1", async () => {
    const hub = await startHttp2Hub({ workers, args: ["--http2", "off"] });
    expect(await curl("--http2", ...versionAndStatus, `${httpsUrl(hub)}/`)).toBe("1.1 200");
    const plain = await startHttp2Hub({ tls: false, workers, args: ["--http2", "off"] });
    const text = await exchangeRaw(
      { port: plain.httpPort },
      { bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", within },
    );
    expect(text).toMatch(/^HTTP\/1\.1 \d{3} /);
  });
});
