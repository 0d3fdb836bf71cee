import { execFile, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startChromium } from "../support/chromium.js";
import { freePort } from "../support/free-port.js";
import { startHub } from "../support/hub-process.js";
import { installPackages } from "../support/packages.js";
import { waitFor } from "../support/wait-for.js";

const execute = promisify(execFile);
const within = 120_000;
const tools = [
  "@arethetypeswrong/cli@0.18.5",
  "publint@0.3.25",
  "vite@8.4.0",
  "webpack@5.113.0",
  "esbuild@0.28.2",
  "next@16.4.6",
  "react@19.3.1",
  "react-dom@19.3.1",
];
const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
let folder = "";

// An application that has installed the packed packages, and the bundlers from the registry.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-bundlers-"));
  await installPackages(folder, { names: ["client", "react"], others: tools });
  mkdirSync(join(folder, "app"));
  for (const [name, worker] of workers) writeFileSync(join(folder, "app", `${name}.js`), programWith(worker));
  writeFileSync(
    join(folder, "index.html"),
    '<body><script type="module" src="/app/vite.js"></script></body>',
  );
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How the guide says that the worker's URL is found, for each bundler. */
const workers = [
  ["vite", 'import worker from "@pharos/client/worker?url";'],
  ["webpack", 'const worker = new URL("@pharos/client/worker", import.meta.url).href;'],
  ["esbuild", 'const worker = "/worker.js";'],
] as const;

function programWith(worker: string): string {
  return `
import { connect } from "@pharos/client";
${worker}
const hub = new URLSearchParams(location.search).get("hub");
globalThis.received = [];
const live = connect(hub, { filters: ["a"], shared: { worker } });
live.on("event", ({ data }) => received.push(data));
live.on("state", ({ kind }) => (document.body.dataset.state = kind));
`;
}

async function npx(...args: readonly string[]): Promise<string> {
  const options = { cwd: folder, env: environment, timeout: 300_000 };
  const { stdout } = await execute("npx", ["--no-install", ...args], options);
  return stdout;
}

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/** Serves a folder as the server of an application does. */
async function serveFolder(dir: string, port: number): Promise<void> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const file = pathname === "/" ? "/index.html" : pathname;
    readFile(join(dir, file)).then(
      (bytes) => response.setHeader("Content-Type", types[extname(file)] ?? "text/plain").end(bytes),
      () => response.writeHead(404).end(),
    );
  }).listen(port, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

/** Starts a server of the application, and waits until it answers. */
async function startServer(args: readonly string[], port: number): Promise<void> {
  const child = spawn("npx", ["--no-install", ...args], {
    cwd: folder,
    env: { ...environment, NODE_ENV: args[0] === "vite" ? "development" : "production" },
    detached: true,
    stdio: "ignore",
  });
  onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL")));
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor(answers, { within, missing: `an answer of ${args.join(" ")}` });
}

const page = (script: string): string => `<body><script type="module" src="/${script}"></script></body>`;

/** Its command line needs a newer Node.js than the hub. */
const webpackBuild = (path: string): string => `
import webpack from "webpack";
webpack({ mode: "production", entry: "./app/webpack.js", output: { path: ${JSON.stringify(path)} } }, (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
});
`;

/** Builds and serves the application with one bundler. */
const sites: readonly (readonly [name: string, serve: (port: number) => Promise<void>])[] = [
  [
    "Vite's build",
    async (port) => {
      await npx("vite", "build", "--outDir", "out-vite");
      await serveFolder(join(folder, "out-vite"), port);
    },
  ],
  [
    "Vite's server for development",
    (port) => startServer(["vite", "--host", "127.0.0.1", "--port", String(port), "--strictPort"], port),
  ],
  [
    "webpack's build",
    async (port) => {
      const out = join(folder, "out-webpack");
      writeFileSync(join(folder, "webpack.mjs"), webpackBuild(out));
      await execute(process.execPath, ["webpack.mjs"], { cwd: folder, timeout: 300_000 });
      writeFileSync(join(out, "index.html"), page("main.js"));
      await serveFolder(out, port);
    },
  ],
  [
    "esbuild's build",
    async (port) => {
      const out = join(folder, "out-esbuild");
      await npx("esbuild", "app/esbuild.js", "--bundle", "--format=esm", "--splitting", `--outdir=${out}`);
      copyFileSync(join(folder, "node_modules/@pharos/client/dist/worker.js"), join(out, "worker.js"));
      writeFileSync(join(out, "index.html"), page("esbuild.js"));
      await serveFolder(out, port);
    },
  ],
];

test.each(sites)("three tabs of %s share one stream, and get each event once", async (_, serve) => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const hub = await startHub({ args: ["--open", "--cors-origin", origin] });
  await serve(port);
  const browser = await startChromium();
  const tabs = await Promise.all([1, 2, 3].map(() => browser.openPage(`${origin}/?hub=${hub.httpUrl}`)));
  for (const tab of tabs) await tab.waitForSelector('body[data-state="open"]', { timeout: within });
  // While the worker of a busy machine starts, tabs may connect themselves.
  const streams = async (): Promise<unknown> =>
    ((await (await fetch(`${hub.httpUrl}/healthz`)).json()) as { readonly streams: unknown }).streams;
  await expect.poll(streams, { timeout: within }).toBe(1);
  for (const body of ["one", "two"]) await fetch(`${hub.httpUrl}/publish/a`, { method: "POST", body });
  for (const tab of tabs)
    await expect
      .poll(() => tab.evaluate(() => (globalThis as { received?: readonly string[] }).received), {
        timeout: within,
      })
      .toEqual(["one", "two"]);
});

test("Next.js renders the hooks on its server, and imports the client", async () => {
  mkdirSync(join(folder, "pages"));
  writeFileSync(
    join(folder, "pages/index.js"),
    `
import { connect } from "@pharos/client";
import { PharosProvider, usePharos } from "@pharos/react";
const State = () => <p>state: {usePharos().state.kind}, {typeof connect}</p>;
export default function Page() {
  return <PharosProvider url="http://127.0.0.1:1/"><State /></PharosProvider>;
}
export const getServerSideProps = () => ({ props: {} });
`,
  );
  await npx("next", "build");
  const port = await freePort();
  await startServer(["next", "start", "-H", "127.0.0.1", "-p", String(port)], port);
  const html = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(html.replaceAll("<!-- -->", "")).toContain("<p>state: idle, function</p>");
});

test("are-the-types-wrong and publint find nothing", async () => {
  const packed = readdirSync(join(folder, "packed")).map((file) => join(folder, "packed", file));
  expect(packed).toHaveLength(2);
  for (const file of packed) {
    // The worker is no module to import: pages pass its URL.
    expect(await npx("attw", file, "--exclude-entrypoints", "worker", "--format", "ascii")).toContain(
      "No problems found",
    );
    expect(await npx("publint", "run", file, "--strict")).toContain("All good!");
  }
});
