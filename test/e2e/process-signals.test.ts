import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/free-port.js";
import { hubEntry, startHub } from "../support/hub-process.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-process-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The exit code, or the signal that ended the process; undefined while the process runs. */
function exitOf({ exitCode, signalCode }: ChildProcess): number | string | undefined {
  return exitCode ?? signalCode ?? undefined;
}

/** Runs a command in a process group of its own. After the test, the whole group is killed. */
function run(command: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(command, args, { stdio, cwd: scratch(), detached: true });
  onTestFinished(() => killIfAlive(-(child.pid ?? 0)));
  return child;
}

function hubArguments(port: number): readonly string[] {
  return [hubEntry, "serve", "--http", String(port), "--admin", "off", "--ingest", "@ipc://ingest"];
}

async function answers(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  return response?.status === 200;
}

async function untilAnswers(port: number): Promise<void> {
  await waitFor(() => answers(port), { within, missing: `a hub at port ${port}` });
}

describe("signals", () => {
  it("SIGUSR1 and SIGUSR2 change nothing, and open no inspector", async () => {
    const hub = await startHub({});
    hub.signal("SIGUSR1");
    hub.signal("SIGUSR2");
    // SIGHUP comes last, and its log line shows that the hub has handled the earlier signals.
    hub.signal("SIGHUP");
    await hub.waitForLog(/the configuration is loaded again/, { within });
    expect(hub.stderr).not.toMatch(/debugger|inspector/i);
    expect(hub.exit).toBeUndefined();
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
  });

  it("SIGHUP without a terminal reads keys again, and keeps the earlier keys if it cannot", async () => {
    const key = join(scratch(), "key.pem");
    writeFileSync(key, publicKey);
    const hub = await startHub({ args: ["--token-key", key] });
    writeFileSync(key, "no key");
    hub.signal("SIGHUP");
    await hub.waitForLog(/the configuration is not loaded again; the earlier one stays in use/, { within });
    writeFileSync(key, publicKey);
    hub.signal("SIGHUP");
    await hub.waitForLog(/the configuration is loaded again/, { within });
    expect(hub.exit).toBeUndefined();
  });

  // `script` gives the command a terminal of its own. The end of `script` closes this terminal.
  it.each([
    ["a hub", "", false],
    ["a hub that nohup started", "nohup ", true],
  ])("%s gets the SIGHUP of a closed terminal", async (_name, prefix, lives) => {
    const port = await freePort();
    const file = join(scratch(), "pid");
    const command = `echo $$ >${file}; exec ${prefix}${process.execPath} ${hubArguments(port).join(" ")}`;
    const terminal = run("script", ["-qfec", command, "/dev/null"], ["pipe", "ignore", "ignore"]);
    await untilAnswers(port);
    const pid = Number(readFileSync(file, "utf8"));
    onTestFinished(() => killIfAlive(pid));
    terminal.kill("SIGKILL");
    await waitFor(() => exitOf(terminal) !== undefined && (lives || !isAlive(pid)), {
      within,
      missing: "the end of the terminal and of its hub",
    });
    // The kernel sends the signal before `script` has ended.
    expect(await answers(port)).toBe(lives);
  });
});

describe("outputs", () => {
  it("a hub continues when the reader of its standard output has ended, as in `serve | true`", async () => {
    const port = await freePort();
    const command = `${process.execPath} ${hubArguments(port).join(" ")} | true`;
    run("bash", ["-c", command], ["ignore", "ignore", "ignore"]);
    await untilAnswers(port);
    expect(await answers(port)).toBe(true);
  });

  it.each([
    ["a full disk as standard output", ["ignore", "full", "ignore"]],
    ["a full disk for both outputs", ["ignore", "full", "full"]],
    ["no reader of its log", ["ignore", "pipe", "pipe"]],
  ] as const)("a hub continues with %s", async (_name, outputs) => {
    const full = openSync("/dev/full", "w");
    const port = await freePort();
    const stdio = outputs.map((output) => (output === "full" ? full : output));
    const hub = run(process.execPath, [...hubArguments(port), "--open"], stdio);
    closeSync(full);
    hub.stdout?.destroy();
    hub.stderr?.destroy();
    await untilAnswers(port);
    // Each of these requests causes a log line.
    for (let count = 0; count < 3; count += 1)
      await fetch(`http://127.0.0.1:${port}/publish/%FF`, { method: "POST", body: "x" });
    expect(await answers(port)).toBe(true);
    hub.kill("SIGTERM");
    await waitFor(() => exitOf(hub) !== undefined, { within, missing: "the end of the hub" });
    expect(exitOf(hub)).toBe(0);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A negative number means a process group. */
function killIfAlive(pid: number): void {
  if (pid !== 0 && isAlive(pid)) process.kill(pid, "SIGKILL");
}

const publicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;
