import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { startHub } from "../support/hub-process.js";

/**
 * The conformance tests of the Mercure reference hub, unmodified. Their licence is the AGPL, so they are not part of this
 * project: an environment variable names the file `mercure.spec.ts`. Without this variable the test is skipped.
 */
const spec = process.env["PHAROS_MERCURE_CONFORMANCE"];

/** The settings that the token in the tests needs. The secret is that of the reference hub's documentation. */
const settings = {
  PHAROS_PUBLIC_URL: "https://localhost/.well-known/mercure",
  PHAROS_TOKEN_ISSUER: "https://localhost",
  PHAROS_TOKEN_SECRET: "!ChangeThisMercureHubJWTSecretKey!",
};

interface Report {
  readonly stats: { readonly expected: number; readonly unexpected: number; readonly flaky: number };
  readonly errors: readonly unknown[];
}

const execute = promisify(execFile);

async function install(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-mercure-conformance-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(new URL("mercure-conformance/", import.meta.url), folder, { recursive: true });
  copyFileSync(spec ?? "", join(folder, "mercure.spec.ts"));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await execute("npm", ["ci", ...options], { cwd: folder });
  return folder;
}

it.skipIf(spec === undefined)("the hub passes the conformance tests of Mercure in Chromium", async () => {
  const folder = await install();
  const hub = await startHub({ env: settings });
  const env = {
    ...process.env,
    HUB: `http://localhost:${hub.httpPort}`,
    CHROMIUM: process.env["PHAROS_CHROMIUM"] ?? "/usr/bin/chromium",
    CUSTOM_ID: "1",
  };
  // The command fails if a test fails, and the report says which.
  await execute("npx", ["--no-install", "playwright", "test"], { cwd: folder, env }).catch(() => undefined);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as Report;
  expect(report.errors).toEqual([]);
  expect(report.stats).toMatchObject({ expected: 10, unexpected: 0, flaky: 0 });
});
