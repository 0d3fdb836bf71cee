import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

import { hubEntry } from "../support/hub-process.js";
import { startSite } from "../contract/site.js";

const runFile = promisify(execFile);
const timeout = 60_000;

/** Runs a line of bash with the program as `pharos`. The line prints the exit codes of a pipe itself. */
async function bash(
  line: string,
  url: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const program = `pharos() { ${process.execPath} ${hubEntry} "$@"; }\n${line}`;
  return runFile("bash", ["-c", program, "bash", url], { timeout, encoding: "utf8" });
}

it(
  "a command whose reader has gone ends without an error",
  async () => {
    const site = await startSite("http");
    const topics = Array.from({ length: 3000 }, (_, index) => `pipes/${index}/${"x".repeat(100)}`);
    for (const topic of topics) await site.publish({ topics: [topic], data: "" });
    const url = `http://127.0.0.1:${site.port}`;
    const ended = "; echo ${PIPESTATUS[@]}";
    for (const command of [
      'topics --url "$1"',
      'subscribe "$1/" --topic "pipes/#" --last-event-id earliest',
      "help serve",
      "config-schema",
    ]) {
      const { stdout, stderr } = await bash(`pharos ${command} | head -n 1 >/dev/null${ended}`, url);
      expect([command, stdout]).toEqual([command, "0 0\n"]);
      expect(stderr).not.toMatch(/EPIPE|^pharos:/m);
    }
  },
  timeout * 2,
);

it(
  "publish tells the number of lines after Ctrl-C",
  async () => {
    const site = await startSite("http", { settings: { PHAROS_OPEN: "on" } });
    const url = `http://127.0.0.1:${site.port}`;
    const child = spawn(process.execPath, [hubEntry, "publish", "--url", url, "--topic", "lines"], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.stdin.write("one\ntwo\n");
    await expect
      .poll(
        async () =>
          ((await (await fetch(`${url}/history/lines`)).json()) as { readonly stored: number }).stored,
        {
          timeout: 30_000,
        },
      )
      .toBe(2);
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number];
    expect([code, errors]).toEqual([0, expect.stringMatching(/^[12] lines? published\.\n$/)]);
  },
  timeout,
);
