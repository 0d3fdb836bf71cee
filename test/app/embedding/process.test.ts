import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../../support/ipc.js";

it("a hub opens no port, loads no ZeroMQ, follows no signal, writes no file, and lets its process end", async () => {
  const home = await mkdtemp(join(tmpdir(), "pharos-home-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const program = join(root, "test", "support", "embedding-program.ts");
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--import", join(root, "node_modules", "tsx", "dist", "loader.mjs"), program],
    { cwd: home, env: { ...process.env, HOME: home, XDG_STATE_HOME: home, TMPDIR: home }, timeout: 120_000 },
  );
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ opened: { signals: 0, servers: 0 }, got: true });
  // The loader of TypeScript has a folder of its own.
  expect((await readdir(home)).filter((name) => !name.startsWith("tsx"))).toEqual([]);
});
