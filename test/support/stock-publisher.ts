import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./ipc.js";
import type { OnEnd } from "./on-end.js";

/** The publishing part of the npm package `mercure`. */
export interface StockPublisher {
  /** Resolves with the hub's response. If the hub refuses, rejects with the status and the response. */
  publish(
    topics: string | readonly string[],
    message: string,
    options?: { readonly id?: string; readonly type?: string; readonly retry?: number },
  ): Promise<string>;
}

export interface StockPublisherOptions {
  readonly protocol: "http";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly jwt: string;
}

/** The class of a {@link StockPublisher}. */
export type StockPublisherClass = new (options: StockPublisherOptions) => StockPublisher;

/**
 * Installs the package in a scratch folder and loads it. The package is not a dependency of the project. The package
 * depends on ninety packages of 2018, several with known vulnerabilities, although the tests need only one class that
 * posts a form.
 */
export async function installStockPublisher(onEnd: OnEnd): Promise<StockPublisherClass> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-mercure-package-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["package.json", "package-lock.json"])
    copyFileSync(join(root, "test", "e2e", "mercure-package", name), join(folder, name));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await promisify(execFile)("npm", ["ci", ...options], { cwd: folder });
  return parseModule(createRequire(join(folder, "package.json"))("mercure"));
}

function parseModule(module: unknown): StockPublisherClass {
  if (typeof module !== "object" || module === null || !("Publisher" in module))
    throw new TypeError("the package mercure has no Publisher");
  return module.Publisher as StockPublisherClass;
}
