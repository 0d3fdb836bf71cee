import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { atSuiteEnd } from "../support/at-suite-end.js";
import { childrenOf } from "../support/children.js";
import { addNode, createDebian, runInFolder, spawnInFolder } from "../support/debian/debian-folder.js";
import { buildImage, containerOf, type Image } from "../support/debian/image.js";
import { HubProcess } from "../support/hub-process.js";
import { printFigures } from "../support/load/figures.js";
import { waitFor } from "../support/wait-for.js";

// The instructions of deploy/Dockerfile, replayed in folders with Debian, because a test cannot rely on Docker.

const execute = promisify(execFile);
const within = 60_000;

const onEnd = atSuiteEnd();

let image: Image;
beforeAll(async () => {
  const base = await createDebian("bookworm", { onEnd });
  await addNode(base);
  const scratch = await mkdtemp(join(tmpdir(), "pharos-image-"));
  onEnd(() => rm(scratch, { recursive: true, force: true }));
  const startedAt = performance.now();
  image = await buildImage({ base, scratch });
  const seconds = (performance.now() - startedAt) / 1000;
  const [size, baseSize] = await Promise.all([mebibytes(image.dir), mebibytes(base)]);
  printFigures("deploy/Dockerfile, replayed", [
    `${seconds.toFixed(0)} s with the download of the packages; ${size - baseSize} MiB above its base image of ${baseSize} MiB`,
  ]);
}, 600_000);

async function mebibytes(dir: string): Promise<number> {
  return Number.parseInt((await execute("du", ["-sxm", dir])).stdout, 10);
}

interface Container {
  readonly hub: HubProcess;
  /** The process that is the first one of the container. */
  readonly pid: () => number;
}

/** Runs the image, as `docker run --read-only` does. */
function run(
  command: readonly string[] = image.command,
  env: Readonly<Record<string, string>> = {},
): Container {
  const options = containerOf(image);
  const child = spawnInFolder(image.dir, [...image.entrypoint, ...command], {
    ...options,
    env: { ...options.env, ...env },
  });
  const hub = new HubProcess(child, image.dir);
  onTestFinished(async () => {
    if (hub.exit === undefined) hub.signal("SIGKILL");
    await hub.waitForExit({ within });
  });
  const pid = (): number => childrenOf(hub.pid)[0] ?? 0;
  return { hub, pid };
}

async function runReady(...args: Parameters<typeof run>): Promise<Container> {
  const container = run(...args);
  await container.hub.waitForReady({ within });
  return container;
}

/** Runs a command in the container, as `docker exec` does. Resolves with its exit code. */
async function runInside({ pid }: Container, command: readonly string[]): Promise<number> {
  const user = ["--setuid", "1000", "--setgid", "1000"];
  const enter = ["--target", String(pid()), "--mount", "--pid", "--net", "--root", "--wd", ...user];
  const path = "PATH=/usr/local/bin:/usr/bin:/bin";
  return execute("nsenter", [...enter, "--", "/usr/bin/env", "-i", path, ...command]).then(
    () => 0,
    (error: { readonly code?: number }) => error.code ?? 1,
  );
}

test("the hub runs as a user without rights, on a system that it cannot write", async () => {
  const container = await runReady();
  expect(image.user).toBe("1000:1000");
  const { stdout } = await execute("cat", [`/proc/${container.pid()}/status`]);
  expect(stdout).toMatch(/^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
  expect(stdout).toMatch(/^CapEff:\s+0+$/m);
  expect(await runInside(container, ["touch", "/opt/pharos/file"])).not.toBe(0);
  expect(await runInside(container, ["touch", "/var/lib/pharos/file"])).toBe(0);
});

test("the health check passes while the hub runs, and fails when the hub is paused", async () => {
  const container = await runReady();
  expect(await runInside(container, image.healthCheck)).toBe(0);
  process.kill(container.pid(), "SIGSTOP");
  const check = runInside(container, ["timeout", "3", ...image.healthCheck]);
  expect(await check).not.toBe(0);
  process.kill(container.pid(), "SIGCONT");
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends the hub in order", async (signal) => {
  const { hub, pid } = await runReady();
  process.kill(pid(), signal);
  expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
});

test("SIGTERM ends a hub that waits for its journal", async () => {
  const { hub, pid } = run(image.command, { PHAROS_JOURNAL: "nats://127.0.0.1:4222/pharos" });
  await hub.waitForLog(/nats/i, { within });
  process.kill(pid(), "SIGTERM");
  expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
});

test("SIGHUP does not end the hub", async () => {
  const container = await runReady();
  process.kill(container.pid(), "SIGHUP");
  await container.hub.waitForLog(/key|reload/i, { within });
  expect(await runInside(container, image.healthCheck)).toBe(0);
});

test("a journal on disk and workers need nothing but the volume and /tmp", async () => {
  const container = await runReady([...image.command, "--workers", "2"], {
    PHAROS_JOURNAL: "disk:/var/lib/pharos/journal",
  });
  expect(await runInside(container, image.healthCheck)).toBe(0);
  const [worker] = childrenOf(container.pid());
  process.kill(worker ?? 0, "SIGKILL");
  await container.hub.waitForLog(/replaces it/, { within });
  await waitFor(
    () => childrenOf(container.pid()).length === 2 && !childrenOf(container.pid()).includes(worker ?? 0),
    {
      within,
      missing: "the ended worker is still there",
    },
  );
});

test("the command line tool runs, and the packages for development are not in the image", async () => {
  expect(await runInFolder(image.dir, ["pharos", "--version"], containerOf(image))).toMatch(
    /^\d+\.\d+\.\d+\n$/,
  );
  const modules = await runInFolder(image.dir, ["ls", "/opt/pharos/node_modules"], containerOf(image));
  expect(modules.split("\n")).toContain("fastify");
  expect(modules.split("\n")).not.toContain("typescript");
});
