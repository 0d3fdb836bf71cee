import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import Fastify from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { pageFiles } from "../../../src/fronts/http/page-files.js";

it("lets pages of every origin import the client library, and read nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-page-"));
  const app = Fastify();
  onTestFinished(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  const files = ["pharos-client.js", "pharos-client-fallbacks.js", "console.js", "index.html"];
  for (const file of files) writeFileSync(join(folder, file), "");
  await app.register(fastifyStatic, pageFiles(folder));
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
