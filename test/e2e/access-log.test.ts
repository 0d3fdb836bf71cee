import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { linkTo, startHubBehind } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { atTestEnd } from "../support/on-end.js";
import { connectRaw, exchangeRaw } from "../support/raw-http.js";
import { secret, signOlder } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { handshakeHeaders } from "../support/web-socket.js";

const within = 30_000;

type Line = Readonly<Record<string, unknown>>;

interface Site {
  readonly hub: HubProcess;
  readonly port: number;
  readonly front: string;
}

const settings = { tokenSecret: secret, accessLog: "access.log", trustedProxies: ["127.0.0.1"] };

const sites: Readonly<Record<string, () => Promise<Site>>> = {
  http: async () => {
    const hub = await startHub({ config: settings });
    return { hub, port: hub.httpPort, front: "http" };
  },
  workers: async () => {
    const hub = await startHub({ config: settings, args: ["--workers", "2"] });
    return { hub, port: hub.httpPort, front: "http" };
  },
  mongrel2: async () => {
    const server = await startMongrel2({ mode: "shipped", settings: { no_clobber_xff: 1 } });
    atTestEnd(() => server.stop());
    const hub = await startHubBehind({ config: settings, mongrel2: [linkTo(server)] });
    return { hub, port: server.port, front: "mongrel2" };
  },
};

function linesOf({ scratch }: HubProcess, name = "access.log"): readonly Line[] {
  const file = join(scratch, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** Waits for the line of the request with this id. */
async function lineOf(hub: HubProcess, requestId: string): Promise<Line> {
  const find = (): Line | undefined => linesOf(hub).find((line) => line["requestId"] === requestId);
  await waitFor(() => find() !== undefined, {
    within,
    missing: () => `no line of ${requestId} in ${JSON.stringify(linesOf(hub))}`,
  });
  return find() ?? {};
}

function head(target: string, headers: Readonly<Record<string, string>>, method = "GET"): string {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

const proxied = { "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "User-Agent": "test/1" };

describe.each(Object.keys(sites))("the access log: %s", (name) => {
  it("has a line for each request and for each stream at its end", async () => {
    const { hub, port, front } = await (sites[name] ?? startNothing)();
    const token = await signOlder({ sub: "alice", mercure: { publish: ["*"], subscribe: ["*"] } });
    const authorized = { ...proxied, Authorization: `Bearer ${token}` };

    const stream = await connectRaw({ port });
    const query = `topic=news/a&topic=news/b&authorization=${token}`;
    stream.write(head(`/.well-known/mercure?${query}`, { ...proxied, "X-Request-Id": "stream" }));
    await stream.readUntil("\r\n\r\n", { within });
    const socket = await connectRaw({ port });
    socket.write(head("/ws?topic=news/a", { ...handshakeHeaders, ...authorized, "X-Request-Id": "socket" }));
    await socket.readUntil("\r\n\r\n", { within });

    const publish = { ...authorized, "X-Request-Id": "publish", "Content-Length": "5", Connection: "close" };
    const published = await exchangeRaw(
      { port },
      { bytes: `${head("/publish/news/a", publish, "POST")}hello`, within },
    );
    expect(published).toMatch(/^HTTP\/1\.1 20\d /);
    await stream.readUntil("hello", { within });
    stream.close();
    socket.close();
    const missing = { "X-Request-Id": "missing", Connection: "close", "User-Agent": "a\tb" };
    await exchangeRaw({ port }, { bytes: head("/esupdates/nothing?token=s3cret", missing), within });

    const common = { front, address: "198.51.100.7", scheme: "https", protocol: "HTTP/1.1", agent: "test/1" };
    const streamed = await lineOf(hub, "stream");
    expect(streamed).toMatchObject({
      ...common,
      kind: "stream",
      method: "GET",
      path: "/.well-known/mercure?topic=news/a&topic=news/b&authorization=(hidden)",
      status: 200,
      topics: 2,
      subject: "alice",
    });
    expect(streamed["bytes"]).toBeGreaterThanOrEqual(stream.length);
    expect(await lineOf(hub, "socket")).toMatchObject({
      ...common,
      kind: "websocket",
      path: "/ws?topic=news/a",
      status: 101,
      topics: 1,
      subject: "alice",
    });
    const line = await lineOf(hub, "publish");
    expect(line).toMatchObject({
      ...common,
      kind: "request",
      method: "POST",
      path: "/publish/news/a",
      subject: "alice",
    });
    expect(line["bytes"]).toBe(Buffer.byteLength(published, "latin1"));
    expect(line).not.toHaveProperty("complete");
    expect(await lineOf(hub, "missing")).toMatchObject({
      address: "127.0.0.1",
      scheme: "http",
      status: 404,
      path: "/esupdates/nothing?token=(hidden)",
    });
    expect(readFileSync(join(hub.scratch, "access.log"), "utf8")).not.toContain(token);
  });

  it("goes on in a new file after the file is renamed", async () => {
    const { hub, port } = await (sites[name] ?? startNothing)();
    const get = async (id: string): Promise<void> => {
      await exchangeRaw(
        { port },
        { bytes: head("/healthz", { "X-Request-Id": id, Connection: "close" }), within },
      );
    };
    await get("before");
    await lineOf(hub, "before");
    renameSync(join(hub.scratch, "access.log"), join(hub.scratch, "access.log.1"));
    hub.signal("SIGHUP");
    // A worker notices the new name within a second, with its next lines.
    await waitFor(
      async () => {
        await get("after");
        return linesOf(hub).some((line) => line["requestId"] === "after");
      },
      { within, missing: "no line in the new file" },
    );
    expect(linesOf(hub, "access.log.1").some((line) => line["requestId"] === "before")).toBe(true);
  });
});

function startNothing(): never {
  throw new Error("there is no such site");
}

it("a poll whose connection breaks has the status 499", async () => {
  const hub = await startHub({ config: settings });
  const first = (await (await fetch(`${hub.httpUrl}/poll?topic=a`)).json()) as { readonly position: string };
  const poll = await connectRaw({ port: hub.httpPort });
  const cursor = encodeURIComponent(first.position);
  poll.write(head(`/poll?topic=a&last_event_id=${cursor}`, { "X-Request-Id": "poll" }));
  const isWaiting = async (): Promise<boolean> =>
    (await (await fetch(`${hub.httpUrl}/healthz`)).text()).includes('"streams":1');
  await waitFor(isWaiting, { within, missing: "the poll does not wait" });
  poll.close({ reset: true });
  expect(await lineOf(hub, "poll")).toMatchObject({ kind: "request", status: 499, complete: false });
});

it("bytes that are no request have a line with the address only", async () => {
  const hub = await startHub({ config: settings });
  await exchangeRaw({ port: hub.httpPort }, { bytes: 'nonsense","status":1\r\n\r\n', within });
  await waitFor(() => linesOf(hub).length > 0, { within, missing: "no line" });
  const [line] = linesOf(hub);
  expect(line).toMatchObject({ kind: "request", front: "http", address: "127.0.0.1", status: 400 });
  expect(line).not.toHaveProperty("path");
});

it.each([["no workers", []] as const, ["workers", ["--workers", "2"]] as const])(
  "writes to standard output with -, and what is open at the stop is logged: %s",
  async (_, args) => {
    const hub = await startHub({ config: { ...settings, accessLog: "-" }, args: [...args] });
    const stream = await connectRaw({ port: hub.httpPort });
    stream.write(head("/esupdates?topic=a", { "X-Request-Id": "open" }));
    await stream.readUntil("\r\n\r\n", { within });
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    const lines = hub.stdout.split("\n").filter((line) => line.startsWith("{"));
    expect(lines.map((line) => JSON.parse(line) as Line)).toEqual([
      expect.objectContaining({ kind: "stream", requestId: "open", status: 200, topics: 1 }),
    ]);
  },
);

it("a file that cannot be opened prevents the start", async () => {
  const hub = await startHub({ config: { ...settings, accessLog: "/nowhere/access.log" } }).catch(
    (error: unknown) => String(error),
  );
  expect(hub).toMatch(/ended with code 2 .*--access-log: cannot open \/nowhere\/access\.log: ENOENT/);
});
