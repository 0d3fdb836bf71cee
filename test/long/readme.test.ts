import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { atSuiteEnd } from "../support/at-suite-end.js";
import { startChromium } from "../support/chromium.js";
import { createDebian, npmEnvironment, runInFolder, spawnInFolder } from "../support/debian/debian-folder.js";
import { freePort } from "../support/free-port.js";
import { HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { printFigures } from "../support/load/figures.js";

// A new user's first minute: the lines of README.md on a minimal Debian with Node, and the console in a browser.

const execute = promisify(execFile);
const mostSeconds = 60;
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The commands of the first block of code behind a heading, without comments. */
function commandsOf(heading: string): readonly string[] {
  const [, block = ""] =
    new RegExp(`^## ${heading}\n[^]*?^\`\`\`sh\n([^]*?)^\`\`\`$`, "m").exec(readme) ?? [];
  return block
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "");
}

interface Machine {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly figures: string[];
}

const onEnd = atSuiteEnd();

let machine: Machine;

beforeAll(async () => {
  const figures: string[] = [];
  const dir = await timed("debootstrap", figures, () => createDebian("trixie", { onEnd }));
  const env = { ...(await npmEnvironment()), DEBIAN_FRONTEND: "noninteractive" };
  const [update = "", install = ""] = commandsOf("Install").filter((line) => line.includes("apt-get"));
  await timed("apt-get, for Node and npm", figures, async () => {
    for (const line of [update, install])
      await runInFolder(
        dir,
        ["sh", "-c", line.replaceAll("sudo ", "").replace("install", "install -y --no-install-recommends")],
        {
          env,
        },
      );
  });
  await execute("git", ["clone", "--quiet", "--depth", "1", `file://${root}`, join(dir, "root/pharos")]);
  machine = { dir, env, figures };
}, 900_000);

async function timed<T>(what: string, figures: string[], action: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await action();
  figures.push(`${what}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

/** Fills npm's cache in a copy of the checkout, so that the lines of README download nothing more. */
async function download({ dir, env, figures }: Machine): Promise<void> {
  const script =
    "cp -r pharos copy && cd copy && npm ci --ignore-scripts --no-audit --no-fund && rm -rf ../copy";
  await timed("download of the npm packages, and their installation", figures, () =>
    runInFolder(dir, ["sh", "-c", script], { env, folder: "/root" }),
  );
}

test("README's lines show the first event in a browser within a minute of work that is no download", async () => {
  await download(machine);
  const [port, ingest] = [await freePort(), await freePort()];
  const lines = commandsOf("Install").filter((line) => !line.includes("apt-get"));
  expect(lines).toEqual(["cd pharos", "./scripts/start"]);
  const script = `${lines.join(" && ")} --http ${port} --ingest tcp://127.0.0.1:${ingest} --admin off`;
  const browser = await startChromium();
  const page = await browser.emptyPage();

  const startedAt = performance.now();
  const env = { ...machine.env, npm_config_prefer_offline: "true" };
  const child = spawnInFolder(machine.dir, ["bash", "-c", script], { env, folder: "/root" });
  const hub = new HubProcess(child, machine.dir);
  onTestFinished(async () => {
    if (hub.exit === undefined) hub.signal("SIGKILL");
    await hub.waitForExit({ within: 30_000 });
  });
  await hub.waitForReady({ within: 300_000 });
  const readySeconds = (performance.now() - startedAt) / 1000;
  await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: "domcontentloaded" });
  await page.locator("#rows .data").first().waitFor({ timeout: 120_000 });
  const seconds = (performance.now() - startedAt) / 1000;
  printFigures("README's lines on a minimal Debian", [
    ...machine.figures,
    `./scripts/start with all packages in npm's cache: ready after ${readySeconds.toFixed(1)} s`,
    `the first event in Chromium: after ${seconds.toFixed(1)} s`,
  ]);
  expect(seconds).toBeLessThan(mostSeconds);
});
