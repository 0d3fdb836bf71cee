import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, it, onTestFinished } from "vitest";

import { root } from "../support/ipc.js";

/** The files that the scripts `build:client…` write, by name. */
function built(): ReadonlyMap<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-client-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Readonly<Record<string, string>>;
  };
  for (const name of ["build:client", "build:client-worker"]) {
    const [command = "", ...args] = (scripts[name] ?? "").split(" ");
    const here = args.map((arg) => (arg === "--outdir=html" ? `--outdir=${folder}` : arg));
    execFileSync(join(root, "node_modules", ".bin", command), here, { cwd: root });
  }
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

it("the main bundle is under 6,000 bytes with gzip, and imports only the library's own files", () => {
  const files = built();
  const main = files.get("pharos-client.js") ?? Buffer.alloc(0);
  const bytes = gzipSync(main, { level: 9 }).length;
  expect(bytes).toBeLessThan(6000);
  const text = main.toString();
  expect(text).not.toMatch(/\bfrom\s*["']/);
  for (const [, file = ""] of text.matchAll(/\bimport\(["']\.\/([^"']+)["']\)/g))
    expect([...files.keys()]).toContain(file);
});
