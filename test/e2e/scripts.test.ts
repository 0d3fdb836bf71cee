import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";
import { Push } from "zeromq";

import { freePort, freePorts } from "../support/free-port.js";
import { HubProcess, spawnHub, startHub } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { connectRaw } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

const script = (name: string): string => join(root, "scripts", name);

function scratchFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-scripts-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a command of scripts/ in a scratch folder instead of the project's folder. */
function startScript(name: string, args: readonly string[], user: { uid?: number } = {}): HubProcess {
  const cwd = scratchFolder();
  if (user.uid !== undefined) chmodSync(cwd, 0o777);
  const child = spawn(script(name), args, {
    cwd,
    env: { ...process.env, TMPDIR: cwd, XDG_STATE_HOME: join(cwd, "state") },
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  const hub = new HubProcess(child, cwd);
  onTestFinished(async () => {
    if (hub.exit === undefined) await hub.stop({ within: 60_000 });
  });
  return hub;
}

async function streamFrom(port: number): Promise<Awaited<ReturnType<typeof connectRaw>>> {
  const connection = await connectRaw({ port });
  connection.write("GET /esupdates HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return connection;
}

test("scripts/pharos becomes the hub: its process id and its signals are the hub's", async () => {
  const hub = startScript("pharos", ["serve", "--http", "0", "--ingest", `@ipc://${scratchFolder()}/in`]);
  await hub.waitForReady({ within: 60_000 });
  expect(hub.ready.get("http")?.[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await hub.stop()).toEqual({ code: 0, signal: null });
});

test("scripts/start shows the page and a beacon", async () => {
  const hub = startScript("start", ["--http", "0", "--ingest", `@ipc://${scratchFolder()}/in`]);
  await hub.waitForReady({ within: 60_000 });
  const page = await fetch(`${hub.httpUrl}/`);
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(await page.text()).toContain("<title>Pharos</title>");
  const stream = await streamFrom(hub.httpPort);
  await stream.readUntil("data: Timestamp ", { within: 30_000 });
});

const ordinaryUser = 65_534;
const users =
  process.getuid?.() === 0
    ? [
        { name: "root", user: {} },
        { name: "an ordinary user", user: { uid: ordinaryUser } },
      ]
    : [{ name: "this user", user: {} }];

test.each(users)(
  "scripts/mongrel2 as $name serves page and events, and leaves nothing behind",
  async ({ user }) => {
    const port = await freePort();
    const run = startScript(
      "mongrel2",
      ["--port", `${port}`, "--beacon=0.2", "--ingest", "@ipc://run/in"],
      user,
    );
    await run.waitForReady({ within: 60_000 });
    const page = await fetch(`http://localhost:${port}/`);
    expect(await page.text()).toContain("<title>Pharos</title>");
    const stream = await streamFrom(port);
    await stream.readUntil("data: Timestamp ", { within: 30_000 });
    run.signal("SIGINT");
    expect(await run.waitForExit({ within: 60_000 })).toEqual({ code: 0, signal: null });
    expect(readdirSync(run.scratch).filter((name) => name.startsWith("pharos-mongrel2"))).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
  },
);

test("scripts/cluster: clients of a hub that is killed go on at the other, and Ctrl-C leaves nothing behind", async () => {
  const port = await freePorts(9);
  const run = startScript("cluster", ["--port", `${port}`, "--beacon=0.2"]);
  await run.waitForReady({ within: 120_000 });
  const hub = Number(/hubs=(\d+)/.exec(run.stdout)?.[1]);
  const stream = await streamFrom(port);
  await stream.readUntil("data: Timestamp ", { within: 30_000 });
  process.kill(hub, "SIGKILL");
  const again = await streamFrom(port);
  await again.readUntil("data: Timestamp ", { within: 30_000 });
  run.signal("SIGINT");
  expect(await run.waitForExit({ within: 60_000 })).toEqual({ code: 0, signal: null });
  expect(readdirSync(run.scratch).filter((name) => name.startsWith("pharos-cluster"))).toEqual([]);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
});

test.each([
  ["cluster", ["--port", "x"], '--port: given "x", allowed: a port from 1 to 65527'],
  ["cluster", ["--beacon=1", "--port=65528"], '--port: given "65528", allowed: a port from 1 to 65527'],
  ["cluster", ["--port"], '--port: given "", allowed: a port from 1 to 65527'],
  ["cluster", ["--http", "0"], "Allowed: --port PORT, and all other options of pharos serve"],
  ["mongrel2", ["--port", "65536"], '--port: given "65536", allowed: a port from 1 to 65535'],
  ["test", ["--long", "no-such-part"], "no test file has a name with no-such-part"],
])("scripts/%s %j exits with 2 and says what is allowed", async (name, args, message) => {
  const run = startScript(name, args);
  expect(await run.waitForExit({ within: 120_000 })).toEqual({ code: 2, signal: null });
  expect(run.stderr).toContain(message);
});

test("scripts/cluster exits with 2 if the hubs refuse an option", async () => {
  const port = await freePorts(9);
  const run = startScript("cluster", ["--port", `${port}`, "--bogus"]);
  expect(await run.waitForExit({ within: 120_000 })).toEqual({ code: 2, signal: null });
  expect(run.stderr).toContain("unknown option '--bogus'");
  expect(readdirSync(run.scratch).filter((entry) => entry.startsWith("pharos-"))).toEqual([]);
});

test("scripts/mongrel2 --help prints its usage and starts nothing", async () => {
  const run = startScript("mongrel2", ["--help"]);
  expect(await run.waitForExit({ within: 60_000 })).toEqual({ code: 0, signal: null });
  expect(run.stdout).toMatch(/^Usage: scripts\/mongrel2 \[--port PORT\]/);
});

// The written steps left the folder `html` empty: Mongrel2 answered 404 to `/`.
test("the written steps for an own Mongrel2 make a server with the console", async () => {
  const page = readFileSync(join(root, "docs/operating/mongrel2.md"), "utf8");
  const steps = /^from=[^]*?^m2sh load .*$/m.exec(page)?.[0] ?? "";
  const scratch = scratchFolder();
  const commands = steps.replace(/^from=.*$/m, `from=${root}`);
  await promisify(execFile)("bash", ["-euc", commands], {
    cwd: scratch,
    env: { ...process.env, LOGNAME: "pharos" },
  });
  expect(readdirSync(join(scratch, "html"))).toContain("index.html");
  expect(existsSync(join(scratch, "config.sqlite"))).toBe(true);
});

test("scripts/mongrel2 says plainly that its port is in use", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(() => void listener.close());
  const { port } = listener.address() as AddressInfo;
  const run = startScript("mongrel2", ["--port", `${port}`]);
  expect(await run.waitForExit({ within: 60_000 })).toEqual({ code: 1, signal: null });
  expect(run.stderr).toContain(`Port ${port} is in use`);
});

// Bug: Mongrel2 and the hub continued to run, and the next start reported that the port was in use.
test("scripts/mongrel2 killed with -9 takes its Mongrel2 and its hub with it", async () => {
  const port = await freePort();
  const args = ["--port", `${port}`, "--ingest", "@ipc://run/in"];
  const killed = startScript("mongrel2", args);
  await killed.waitForReady({ within: 60_000 });
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=", "--ppid", `${killed.pid}`]);
  const started = stdout.trim().split(/\s+/).map(Number);
  expect(started).toHaveLength(2);
  killed.signal("SIGKILL");
  await waitFor(() => started.every((pid) => !isAlive(pid)), {
    within: 60_000,
    missing: "Mongrel2 or the hub lives on",
  });
  await startScript("mongrel2", args).waitForReady({ within: 60_000 });
});

test("scripts/mongrel2 starts again after it was killed with everything it had started", async () => {
  const port = await freePort();
  const args = ["--port", `${port}`, "--ingest", "@ipc://run/in"];
  const killed = startScript("mongrel2", args);
  await killed.waitForReady({ within: 60_000 });
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=", "--ppid", `${killed.pid}`]);
  killed.signal("SIGKILL");
  for (const pid of stdout.trim().split(/\s+/).map(Number)) killIfAlive(pid);
  await killed.waitForExit({ within: 30_000 });
  const again = startScript("mongrel2", args);
  await again.waitForReady({ within: 60_000 });
  expect((await fetch(`http://localhost:${port}/`)).status).toBe(200);
});

test("the layout of 2011 loads into Mongrel2, and a hub works behind it", async () => {
  const dir = scratchFolder();
  for (const name of ["run", "logs", "tmp"]) mkdirSync(join(dir, name));
  cpSync(join(root, "html"), join(dir, "html"), { recursive: true });
  const [port, send, recv] = [await freePort(), await freePort(), await freePort()];
  const shipped = readFileSync(join(root, "mongrel2", "stock-2011.conf"), "utf8");
  const ports = new Map([
    ["6767", `${port}`],
    ["9999", `${send}`],
    ["9998", `${recv}`],
  ]);
  writeFileSync(
    join(dir, "mongrel2.conf"),
    shipped.replaceAll(/\b(?:6767|999[89])\b/g, (from) => ports.get(from) ?? from),
  );
  const env = { ...process.env, LOGNAME: "test" };
  await promisify(execFile)("m2sh", ["load", "-config", "mongrel2.conf", "-db", "config.sqlite"], {
    cwd: dir,
    env,
  });
  spawn("mongrel2", ["config.sqlite", "2f62bd5-9e59-49cd-993c-3b6013c28f05"], { cwd: dir, stdio: "ignore" });
  // Mongrel2 becomes a daemon if root starts Mongrel2. The pid file has the id of the process.
  const pid = await waitFor(() => readPid(join(dir, "run", "mongrel2.pid")), {
    within: 30_000,
    missing: "Mongrel2 has written no process id",
  });
  onTestFinished(() => void process.kill(pid, "SIGKILL"));
  const link = `tcp://127.0.0.1:${send},tcp://127.0.0.1:${recv}`;
  const hub = await startHub({ http: "off", mongrel2: [link], args: ["--beacon=0.2"] });
  await hub.waitForLog(/the link is up/, { within: 30_000 });
  const stream = await streamFrom(port);
  const text = await stream.readUntil("data: Timestamp ", { within: 30_000 });
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s stops a hub in order", async (signal) => {
  const hub = await startHub();
  const stream = await streamFrom(hub.httpPort);
  await stream.readUntil("text/event-stream", { within: 60_000 });
  hub.signal(signal);
  expect(await hub.waitForExit({ within: 30_000 })).toEqual({ code: 0, signal: null });
  await stream.readToEnd({ within: 60_000 });
  expect(hub.stdout).toMatch(/^ready [^\n]+\n$/);
});

test("the message shutdown on the control endpoint stops a hub in order, and no other message does", async () => {
  const control = `ipc://${scratchFolder()}/control`;
  const hub = await startHub({ args: ["--control", control] });
  const push = new Push({ linger: 0 });
  onTestFinished(() => push.close());
  push.connect(control);
  await push.send("shutdown now");
  expect((await fetch(`${hub.httpUrl}/healthz`)).status).toBe(200);
  await push.send("shutdown");
  expect(await hub.waitForExit({ within: 30_000 })).toEqual({ code: 0, signal: null });
});

test("a port in use keeps a hub from starting, in one clear line", async () => {
  const first = await startHub();
  const second = await spawnHub({ http: `127.0.0.1:${first.httpPort}` });
  expect(await second.waitForExit({ within: 30_000 })).toEqual({ code: 1, signal: null });
  expect(second.stderr.trim()).toMatch(/^pharos: [^\n]*in use[^\n]*$/);
  expect(second.stderr).toContain(`${first.httpPort}`);
});

test("an ingest endpoint in use keeps a hub from starting, in one clear line", async () => {
  const endpoint = `@tcp://127.0.0.1:${await freePort()}`;
  await startHub({ ingest: [endpoint] });
  const second = await spawnHub({ ingest: [endpoint] });
  expect(await second.waitForExit({ within: 30_000 })).toEqual({ code: 1, signal: null });
  expect(second.stderr.trim()).toMatch(/^pharos: [^\n]*in use[^\n]*$/);
  expect(second.stderr).toContain(endpoint.slice(1));
});

test("subscribe prints the publications of the command line", async () => {
  const hub = await startHub();
  const subscriber = startScript("pharos", ["subscribe", hub.httpUrl, "--topic", "news/#", "--json"]);
  await subscriber.waitForLog(/connected/i, { within: 30_000 });
  const to = `>${hub.ingest}`;
  const args = [
    "publish",
    "--to",
    to,
    "--topic",
    "news/a",
    "--type",
    "flash",
    "--id",
    "n1",
    "--data",
    "two\nlines",
  ];
  expect(await startScript("pharos", args).waitForExit({ within: 30_000 })).toEqual({
    code: 0,
    signal: null,
  });
  const expected = '{"id":"n1","topics":["news/a"],"type":"flash","data":"two\\nlines"}\n';
  await waitFor(() => subscriber.stdout.includes(expected), {
    within: 30_000,
    missing: () => `the event is not printed, but ${subscriber.stdout}`,
  });
  subscriber.signal("SIGINT");
  expect(await subscriber.waitForExit({ within: 30_000 })).toEqual({ code: 0, signal: null });
});

test("pharos publish fails when no hub accepts the publication in 5 seconds", async () => {
  const to = `>ipc://${scratchFolder()}/nobody`;
  const publisher = startScript("pharos", ["publish", "--to", to, "--data", "lost"]);
  expect(await publisher.waitForExit({ within: 30_000 })).toEqual({ code: 1, signal: null });
  expect(publisher.stderr).toMatch(/^pharos: [^\n]+\n$/);
});

test("pharos publish refuses bad input before it sends, as bad usage", async () => {
  const publisher = startScript("pharos", ["publish", "--topic", "*", "--data", "x"]);
  expect(await publisher.waitForExit({ within: 30_000 })).toEqual({ code: 2, signal: null });
  expect(publisher.stderr).toMatch(/^pharos: [^\n]+\n$/);
});

test.each([
  { what: "a good run", files: [{ status: "passed", tests: ["passed", "passed"] }], exit: 0, counts: "2 0" },
  {
    what: "a failed test",
    files: [{ status: "failed", tests: ["passed", "failed"] }],
    exit: 1,
    counts: "1 1",
  },
  { what: "a file that cannot be loaded", files: [{ status: "failed", tests: [] }], exit: 1, counts: "0 1" },
  {
    what: "a skipped test",
    files: [{ status: "passed", tests: ["passed", "pending"] }],
    exit: 0,
    counts: "1 0",
  },
  {
    what: "an error outside tests",
    files: [{ status: "passed", tests: ["passed"] }],
    exit: 1,
    counts: "1 1",
  },
])("scripts/test counts $what right", async ({ files, exit, counts }) => {
  const report = join(scratchFolder(), "report.json");
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((outcome) => ({ status: outcome })),
  }));
  writeFileSync(report, JSON.stringify({ testResults }));
  const counter = join(root, "scripts", "count-tests.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [counter, report, `${exit}`]);
  expect(stdout).toBe(`${counts}\n`);
});

function readPid(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, "utf8"));
  return pid > 0 ? pid : undefined;
}

/** The process may be ending at this moment. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
