import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { mercurePath, streamPath } from "../../src/protocol.js";
import { startHub } from "../support/hub-process.js";
import { parsePort } from "../support/parse-port.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { waitFor } from "../support/wait-for.js";

const program = "firefox-esr";
const within = 120_000;

/** A page whose streams report each of their events to the server of the page. */
const page = (urls: readonly string[]): string => `<!doctype html><script>
  for (const url of ${JSON.stringify(urls)}) {
    const tell = (text) => fetch("/", { method: "POST", body: JSON.stringify([url, text]) });
    const stream = new EventSource(url);
    stream.onopen = () => tell("open");
    stream.onmessage = ({ data }) => tell(data);
    stream.addEventListener("pharos-gap", ({ data }) => tell(data));
  }
</script>`;

function isInstalled(): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Serves the page. `told` has what its streams reported, by URL. */
async function servePage(): Promise<{ readonly origin: string; readonly told: Map<string, string[]> }> {
  const told = new Map<string, string[]>();
  const server = createServer((request, response) => {
    if (request.method === "GET") response.setHeader("Content-Type", "text/html").end(page([...told.keys()]));
    else
      void text(request)
        .then((report) => take(report))
        .finally(() => response.end());
  });
  const take = (report: string): void => {
    const [url, what] = JSON.parse(report) as [string, string];
    told.get(url)?.push(what);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${parsePort(server.address())}`, told };
}

function startFirefox(url: string): void {
  const profile = mkdtempSync(join(tmpdir(), "pharos-firefox-"));
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  const options = ["--headless", "--no-remote", "--profile", profile, url];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...options], {
    stdio: "ignore",
    detached: true,
  });
  onTestFinished(async () => {
    // Ends the processes of the browser's pages, too.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
}

it.skipIf(!isInstalled())(
  "an EventSource in Firefox that has received an event gets each later event once, through cuts",
  async () => {
    const { origin, told } = await servePage();
    const { httpPort } = await startHub({ args: ["--open", "--retry", "300", "--cors-origin", origin] });
    const proxy = await startTcpProxy({ target: httpPort });
    for (const path of [streamPath, mercurePath])
      told.set(`http://127.0.0.1:${proxy.port}${path}?topic=a`, []);
    startFirefox(`${origin}/`);
    const all = (what: string): Promise<boolean> =>
      waitFor(() => [...told.values()].every((each) => each.includes(what)), {
        within,
        missing: () => `${what} in ${JSON.stringify([...told])}`,
      });
    await all("open");
    for (const body of ["1", "2", "3"]) {
      // Firefox resumes from an event with data only, so the first event comes before the first cut.
      if (body !== "1") while (proxy.cut());
      const answer = await fetch(`http://127.0.0.1:${httpPort}/publish/a`, { method: "POST", body });
      expect(answer.status).toBe(200);
      await all(body);
    }
    const events = [...told.values()].map((each) => each.filter((what) => what !== "open"));
    expect(events).toEqual([
      ["1", "2", "3"],
      ["1", "2", "3"],
    ]);
  },
);
