import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Push } from "zeromq";
import { openStream, type ClientStream } from "../contract/client.js";
import { childrenOf, isAlive } from "../support/children.js";
import { freePort } from "../support/free-port.js";
import { spawnHub, startHub, type HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { connectRaw } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

/** So long that nothing happens before the test ends the wait. */
const long = "3600";

type Probe = readonly [status: number, text: string] | "refused";

async function probe(url: string): Promise<Probe> {
  try {
    const response = await fetch(url);
    return [response.status, ((await response.json()) as { readonly status: string }).status];
  } catch {
    return "refused";
  }
}

async function untilProbe(url: string, text: string): Promise<void> {
  await waitFor(async () => (await probe(url))[1] === text, { within, missing: `${url}: ${text}` });
}

/** Two streams, which a hub ends half of `--close-over` apart. */
async function twoStreams(hub: HubProcess): Promise<readonly ClientStream[]> {
  const site = { connect: () => connectRaw({ port: hub.httpPort }) };
  return [await openStream(site), await openStream(site)];
}

describe("a hub that gets SIGTERM", () => {
  it.each([0, 1])(
    "is not ready before it refuses connections, and ends when its streams have ended (workers: %d)",
    async (workers) => {
      const times = ["--drain", "1", "--close-over", "1"];
      const hub = await startHub({ args: [...times, `--workers=${workers}`] });
      const streams = await twoStreams(hub);
      const url = `${hub.httpUrl}/readyz`;
      expect(await probe(url)).toEqual([200, "ok"]);
      hub.signal("SIGTERM");
      const seen = new Set<string>();
      await waitFor(
        async () => {
          const found = await probe(url);
          seen.add(String(found));
          return found === "refused";
        },
        { within, missing: () => `a refused connection: ${[...seen].join(", ")}` },
      );
      // A connection may have been accepted just before the end of the listener.
      const steps = [...seen].filter((each) => each !== "200,ok" && each !== "503,stopping");
      expect(steps).toEqual(["503,draining", "refused"]);
      for (const { connection } of streams) await connection.readToEnd({ within });
      expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
    },
  );

  it("ends at once after a second signal", async () => {
    const hub = await startHub({ args: ["--drain", long] });
    hub.signal("SIGTERM");
    await untilProbe(`${hub.httpUrl}/readyz`, "draining");
    hub.signal("SIGTERM");
    expect(await hub.waitForExit({ within })).toEqual({ code: 1, signal: null });
  });

  it("shows the end of its streams at the admin address", async () => {
    const hub = await startHub({ args: ["--close-over", long], admin: "0" });
    const admin = hub.ready.get("admin")?.[0] ?? "";
    const [first, second] = await twoStreams(hub);
    hub.signal("SIGTERM");
    await first?.connection.readToEnd({ within });
    expect(await probe(`${admin}/readyz`)).toEqual([503, "stopping"]);
    expect(await probe(`${admin}/livez`)).toEqual([200, "ok"]);
    expect(second?.connection.closed).toBe(false);
    hub.signal("SIGINT");
    expect(await hub.waitForExit({ within })).toEqual({ code: 1, signal: null });
  });
});

it("the message `shutdown` counts as SIGTERM", async () => {
  const hub = await startHub({ args: ["--drain", long, "--control", "@ipc://control"] });
  const push = new Push({ linger: 0, sendTimeout: within });
  onTestFinished(() => push.close());
  push.connect(`ipc://${join(hub.scratch, "control")}`);
  await push.send("shutdown");
  await untilProbe(`${hub.httpUrl}/readyz`, "draining");
  hub.signal("SIGTERM");
  expect(await hub.waitForExit({ within })).toEqual({ code: 1, signal: null });
});

it("SIGINT ends all streams at once", async () => {
  const hub = await startHub({ args: ["--drain", long, "--close-over", long] });
  const streams = await twoStreams(hub);
  hub.signal("SIGINT");
  for (const { connection } of streams) await connection.readToEnd({ within });
  expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
});

/** A hub whose workers start only when the file exists. */
async function spawnGatedHub(args: readonly string[]) {
  const port = await freePort();
  const gate = join(await scratchFolder(), "gate");
  const env = { NODE_OPTIONS: `--import=${join(root, "test", "support", "gate.mjs")}`, GATE_FILE: gate };
  return { hub: await spawnHub({ admin: String(port), args, env }), admin: `http://127.0.0.1:${port}`, gate };
}

function twoWorkers(hub: HubProcess): Promise<readonly number[]> {
  return waitFor(
    () => {
      const found = childrenOf(hub.pid);
      return found.length === 2 && found;
    },
    { within, missing: "two workers" },
  );
}

// The hub stopped only when its workers were up, or after a minute.
it("SIGTERM ends a hub whose workers start, without the steps for clients", async () => {
  const { hub, admin } = await spawnGatedHub(["--workers=2", "--drain", long, "--close-over", long]);
  const children = await twoWorkers(hub);
  await untilProbe(`${admin}/readyz`, "starting");
  hub.signal("SIGTERM");
  expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
  expect(children.filter(isAlive)).toEqual([]);
  expect(hub.ready.size).toBe(0);
  expect(hub.stderr).not.toContain('"level":"error"');
});

it("a hub that starts is alive but not ready at its admin address, and then both", async () => {
  const { hub, admin, gate } = await spawnGatedHub(["--workers=1"]);
  await untilProbe(`${admin}/readyz`, "starting");
  expect([await probe(`${admin}/readyz`), await probe(`${admin}/livez`)]).toEqual([
    [503, "starting"],
    [200, "ok"],
  ]);
  expect(hub.ready.size).toBe(0);
  writeFileSync(gate, "");
  await hub.waitForReady({ within });
  expect(await probe(`${admin}/readyz`)).toEqual([200, "ok"]);
});

describe("systemd", () => {
  it("is told through systemd-notify when the hub is ready, reloads, and stops, and that it does not hang", async () => {
    const { path, messages, program } = await listenForMessages();
    const hub = await startHub({ env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: "1000000" } });
    const has = (pattern: RegExp): Promise<boolean> =>
      waitFor(() => pattern.test(messages()), {
        within,
        missing: () => `${String(pattern)} in ${messages()}`,
      });
    await has(/^READY=1\nSTATUS=serving clients at http:\/\/127\.0\.0\.1:\d+/);
    await has(/WATCHDOG=1/);
    hub.signal("SIGHUP");
    await has(/RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=reloading.*READY=1\n/s);
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    await has(/STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=stopping/);
    expect(program.exitCode).toBeNull();
  });

  it("gets no messages without the program, which the log says once", async () => {
    const env = { NOTIFY_SOCKET: "/nowhere", WATCHDOG_USEC: "100000", PATH: "/nowhere" };
    const hub = await startHub({ env });
    await hub.waitForLog(/systemd gets no messages/, { within });
    await waitFor(async () => (await probe(`${hub.httpUrl}/readyz`))[1] === "ok", {
      within,
      missing: "a hub",
    });
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    expect(hub.stderr.split("systemd gets no messages").length).toBe(2);
  });
});

/** Prints each message and an empty line. Node has no Unix datagram sockets. */
const listener = `
import socket, sys
messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
messages.bind(sys.argv[1])
while True:
    print(messages.recv(65536).decode(), flush=True, end="\\n\\n")
`;

interface Messages {
  /** The path of the socket. */
  readonly path: string;
  /** All messages so far. */
  readonly messages: () => string;
  readonly program: ChildProcess;
}

/** Listens on a Unix datagram socket, as systemd does. */
async function listenForMessages(): Promise<Messages> {
  const path = join(await scratchFolder(), "notify");
  const program = spawn("python3", ["-c", listener, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void program.kill("SIGKILL"));
  let text = "";
  program.stdout.setEncoding("utf8").on("data", (more: string) => void (text += more));
  await waitFor(() => existsSync(path), { within, missing: "the socket for messages" });
  return { path, messages: () => text, program };
}

async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pharos-stopping-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
