import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tablePage } from "../../scripts/layers/checks/rooms-table.js";
import { madeUpProject } from "./made-up-project.js";

const main = new URL("../../scripts/layers/main.ts", import.meta.url).pathname;

interface Ended {
  readonly code: unknown;
  readonly stderr: string;
}

function layers(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", main, ...args], (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

it("prints a line for each fault and exits with 1", async () => {
  const root = madeUpProject({ "src/base/a.ts": 'import "zeromq";\n' });
  const { code, stderr } = await layers(root);
  expect(code).toBe(1);
  expect(stderr).toContain("src/base/a.ts: imports the package zeromq; base may use node:buffer\n");
});

it("writes the table into the page, and then finds it up to date", async () => {
  const root = madeUpProject({ "src/base/a.ts": "export const a = 1;\n" });
  expect((await layers(root)).stderr).toContain("out of date");
  expect(await layers("--write", root)).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(join(root, tablePage), "utf8")).toContain("| `journal/memory` | ");
});
