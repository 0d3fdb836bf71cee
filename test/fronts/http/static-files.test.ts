import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { staticFiles } from "../../../src/fronts/http/static/static-files.js";

/** Starts a server for a folder of empty files with these names. */
async function serving(files: readonly string[]): Promise<FastifyInstance> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-page-"));
  const app = Fastify();
  onTestFinished(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  for (const file of files) writeFileSync(join(folder, file), "");
  await app.register(fastifyStatic, staticFiles(folder));
  return app;
}

it("lets pages of every origin import the client library, and read nothing else", async () => {
  const files = ["pharos-client.js", "pharos-client-fallbacks.js", "console.js", "index.html"];
  const app = await serving(files);
  const headers = { origin: "https://elsewhere.example" };
  const allowed = files.map(async (file) => {
    const { statusCode, headers: answered } = await app.inject({ url: `/${file}`, headers });
    return [file, statusCode, answered["access-control-allow-origin"]];
  });
  expect(await Promise.all(allowed)).toEqual([
    ["pharos-client.js", 200, "*"],
    ["pharos-client-fallbacks.js", 200, "*"],
    ["console.js", 200, undefined],
    ["index.html", 200, undefined],
  ]);
});

it("lets no page of another origin frame the hub's own", async () => {
  const app = await serving(["index.html", "console.js"]);
  const policies = ["/", "/index.html", "/console.js"].map(async (url) => {
    const { statusCode, headers } = await app.inject({ url });
    return [url, statusCode, headers["content-security-policy"]];
  });
  expect(await Promise.all(policies)).toEqual([
    ["/", 200, "frame-ancestors 'self'"],
    ["/index.html", 200, "frame-ancestors 'self'"],
    ["/console.js", 200, undefined],
  ]);
});
