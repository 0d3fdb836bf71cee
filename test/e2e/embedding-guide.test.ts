import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { root } from "../support/ipc.js";
import { waitFor } from "../support/wait-for.js";
import { StreamText } from "../app/embedding/program.js";

const within = 60_000;

/** Starts the program below a heading of the guide at a free port. Resolves with the URL of its server. */
async function startGuideProgram(
  heading: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<number> }> {
  const guide = await readFile(join(root, "docs/guides/embedding.md"), "utf8");
  const [, program = ""] = new RegExp(`^## ${heading}\n\n\`\`\`js\n([^]*?)^\`\`\`$`, "m").exec(guide) ?? [];
  const dir = await mkdtemp(join(tmpdir(), "pharos-guide-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, "node_modules"));
  await symlink(root, join(dir, "node_modules", "pharos"));
  for (const name of ["express", "fastify"])
    await symlink(join(root, "node_modules", name), join(dir, "node_modules", name));
  const port = await freePort();
  await writeFile(join(dir, "server.mjs"), program.replaceAll("3000", String(port)));
  const child = spawn(process.execPath, ["server.mjs"], { cwd: dir, stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await waitFor(
    () =>
      fetch(`${url}/live/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    {
      within,
      missing: () =>
        `the program of ${heading} does not answer; its exit status is ${String(child.exitCode)}`,
    },
  );
  return {
    url,
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = (await once(child, "close")) as [number];
      return code;
    },
  };
}

test("the guide's program with Express publishes, streams, shows the console, and ends in order", async () => {
  const { url, stop } = await startGuideProgram("Express");
  const stream = new StreamText(await fetch(`${url}/live/esupdates?topic=orders/%23`));
  const order = await fetch(`${url}/orders`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"n":1}',
  });
  const { id } = (await order.json()) as { readonly id: string };
  expect(await stream.until("data: ")).toContain(`id: ${id}\ndata: {"n":1}`);
  expect(await (await fetch(`${url}/live/`)).text()).toContain("<!doctype html>");
  expect(await stop()).toBe(0);
  expect(await stream.toEnd()).toContain(id);
});

test("the guide's plugin for Fastify publishes and streams", async () => {
  const { url } = await startGuideProgram("Fastify");
  const stream = new StreamText(await fetch(`${url}/live/esupdates?topic=orders/new`));
  const order = await fetch(`${url}/orders`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"n":1}',
  });
  expect(order.status).toBe(200);
  expect(await stream.until('data: {"n":1}')).toContain('data: {"n":1}');
});

test("the guide's program with Node's own server answers beside the hub", async () => {
  const { url } = await startGuideProgram("Node's own server");
  expect(await (await fetch(`${url}/other`)).text()).toBe("my own page");
  expect((await fetch(`${url}/live/esupdates?topic=a`, { method: "HEAD" })).status).toBe(200);
});
