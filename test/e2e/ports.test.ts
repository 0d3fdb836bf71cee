import { readFileSync, readlinkSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Pull } from "zeromq";
import { startChromium } from "../support/chromium.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { linkTo } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { parsePort } from "../support/parse-port.js";
import { listeningPorts } from "../support/process-figures.js";
import { connectRaw, type RawConnection } from "../support/raw-http.js";
import { connectPublisher } from "../support/publisher.js";

const eventText = "id: injected\ndata: injected\n\n";

/** The request of a web page, with event text as its body. */
const httpRequest = [
  "POST / HTTP/1.1",
  "Host: 127.0.0.1",
  "Content-Type: text/plain",
  `Content-Length: ${eventText.length}`,
  "",
  eventText,
].join("\r\n");

/** One frame of ZMTP 1.0: length including the flags, flags, body. With `more`, further frames follow. */
function frameOf(body: string, more = false): Buffer {
  return Buffer.concat([Buffer.from([body.length + 1, more ? 1 : 0]), Buffer.from(body)]);
}

/** An anonymous ZMTP 1.0 greeting, and frames in the form that a PUSH socket of that version sends. */
function zmtp1(...frames: readonly string[]): Buffer {
  const parts = frames.map((body, index) => frameOf(body, index < frames.length - 1));
  return Buffer.concat([frameOf(""), ...parts]);
}

const attacks: readonly { readonly name: string; readonly bytes: string | Buffer }[] = [
  { name: "an HTTP request", bytes: httpRequest },
  { name: "ZMTP 1.0 with event text", bytes: zmtp1(eventText) },
  { name: "ZMTP 1.0 with topic and data", bytes: zmtp1("broadcast", "injected") },
  { name: "ZMTP 1.0 with shutdown", bytes: zmtp1("shutdown") },
  { name: "a bare event", bytes: eventText },
];

/** The paths of the local sockets on which a process listens, from /proc. */
function listeningPaths(pid: number): readonly string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined;
      }
    }),
  );
  const listening = "00010000";
  const rows = readFileSync(`/proc/${pid}/net/unix`, "utf8")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows
    .filter(([, , , flags, , , inode]) => flags === listening && inodes.has(inode))
    .flatMap(([, , , , , , , path]) => path ?? []);
}

/** Writes to a port or local socket, ends the writing, and waits until the connection is closed. */
async function write(target: { port: number } | { path: string }, bytes: string | Buffer): Promise<void> {
  const socket: Socket = createConnection(
    "port" in target ? { ...target, host: "127.0.0.1" } : { ...target },
  );
  const over = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.on("error", () => resolve());
  });
  socket.on("data", () => undefined);
  socket.end(bytes);
  const late = setTimeout(() => socket.destroy(), 1000);
  await over;
  clearTimeout(late);
}

interface Site {
  readonly hub: HubProcess;
  /** A stream with all topics. */
  readonly reader: RawConnection;
  /** Publishes a marker, as a producer may. Returns all events that the reader has received up to the marker. */
  eventsWithMarker(): Promise<string>;
}

async function startSite(): Promise<Site> {
  const server = await startMongrel2({ mode: "shipped" });
  onTestFinished(() => server.stop());
  const hub = await startHub({
    ingest: ["@tcp://127.0.0.1:0", "@ipc://ingest"],
    mongrel2: [linkTo(server)],
    args: ["--control", "@ipc://control", "--state-dir", "off"],
  });
  const reader = await connectRaw({ port: hub.httpPort });
  reader.write("GET /esupdates?topic=%23 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await reader.readUntil("retry: ", { within: 60_000 });
  return {
    hub,
    reader,
    eventsWithMarker: async () => {
      const push = connectPublisher(hub.ingest);
      await push.send(["marker", "the marker"]);
      return reader.readUntil("the marker", { within: 30_000 });
    },
  };
}

function dataLines(stream: string): readonly string[] {
  return stream.split("\n").filter((line) => line.startsWith("data:"));
}

describe("every port that Pharos binds", () => {
  it("receives HTTP and ZMTP 1.0 bytes without publishing anything or stopping", async () => {
    const site = await startSite();
    const { hub } = site;
    const ports = listeningPorts(hub.pid);
    const paths = listeningPaths(hub.pid).map((path) => join(hub.scratch, path));
    expect(ports, "the HTTP front and the tcp ingest").toHaveLength(2);
    expect(paths.map((path) => path.slice(hub.scratch.length + 1)).sort()).toEqual(["control", "ingest"]);
    const targets = [...ports.map((port) => ({ port })), ...paths.map((path) => ({ path }))];
    for (const target of targets) for (const { bytes } of attacks) await write(target, bytes);
    expect(dataLines(await site.eventsWithMarker())).toEqual(["data: the marker"]);
    expect(hub.exit).toBeUndefined();
    expect(site.reader.closed).toBe(false);
  });

  it("would accept these bytes with libzmq alone", async () => {
    const open = new Pull({ linger: 0, receiveTimeout: 30_000 });
    onTestFinished(() => open.close());
    await open.bind("tcp://127.0.0.1:*");
    const port = Number(open.lastEndpoint?.split(":").at(-1));
    await write({ port }, zmtp1(eventText));
    const [frame] = await open.receive();
    expect(frame?.toString()).toBe(eventText);
  });

  it("receives the requests of a web page without publishing anything or stopping", async () => {
    const site = await startSite();
    const ports = listeningPorts(site.hub.pid);
    const page = createServer((_request, response) => response.end("<!doctype html><title>a page</title>"));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void page.close());
    const browser = await startChromium();
    const tab = await browser.openPage(`http://127.0.0.1:${parsePort(page.address())}/`);
    const outcomes = await tab.evaluate(
      async ({ ports, eventText }) => {
        const attempt = async (port: number, path: string): Promise<string> => {
          try {
            const init: RequestInit = { method: "POST", mode: "no-cors", body: eventText };
            const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
              ...init,
              signal: AbortSignal.timeout(10_000),
            });
            return reply.type;
          } catch (error) {
            return String(error).split(":")[0] ?? "";
          }
        };
        const paths = ["/", "/esupdates", "/esupdates?topic=broadcast"];
        return Promise.all(ports.flatMap((port) => paths.map((path) => attempt(port, path))));
      },
      { ports, eventText },
    );
    expect(outcomes, "the page could send its requests").toHaveLength(6);
    expect(outcomes).toContain("opaque");
    expect(dataLines(await site.eventsWithMarker())).toEqual(["data: the marker"]);
    expect(site.hub.exit).toBeUndefined();
    expect(site.reader.closed).toBe(false);
  });
});
