import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { HubProcess, parseReady } from "./hub-process.js";

function run(script: string): HubProcess {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "pipe"] });
  const hub = new HubProcess(child, "/nowhere");
  onTestFinished(() => hub.kill());
  return hub;
}

const untilTerm = "process.on('SIGTERM', () => process.exit(0)); setInterval(() => 0, 1000);";

test("the line of a ready hub gives its port and its endpoints", async () => {
  const line = "ready http=127.0.0.1:4711 ingest=@tcp://127.0.0.1:9 ingest=ipc://x mongrel2=a:waiting";
  const hub = run(`${untilTerm} console.log("${line}"); console.error("link up");`);
  await hub.waitForReady({ within: 60_000 });
  expect([hub.httpPort, hub.httpUrl, hub.ingest]).toEqual([
    4711,
    "http://127.0.0.1:4711",
    "tcp://127.0.0.1:9",
  ]);
  expect(parseReady(line).get("ingest")).toEqual(["@tcp://127.0.0.1:9", "ipc://x"]);
  await hub.waitForLog(/link up/, { within: 60_000 });
  expect(hub.rssBytes()).toBeGreaterThan(1e6);
  expect(hub.cpuSeconds()).toBeGreaterThanOrEqual(0);
  expect(await hub.stop()).toEqual({ code: 0, signal: null });
});

test("a hub that ends before it is ready fails with its log", async () => {
  const hub = run("console.error('no such option'); process.exitCode = 2;");
  await expect(hub.waitForReady({ within: 60_000 })).rejects.toThrow(/code 2.*no such option/);
  expect(hub.exit).toEqual({ code: 2, signal: null });
});
