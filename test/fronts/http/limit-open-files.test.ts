import Fastify from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { limitOpenFiles } from "../../../src/fronts/http/static/limit-open-files.js";

// Each file that a client does not read occupies a descriptor.
it("answers as many requests for files at once as allowed, and counts each end", async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  const waiting: (() => void)[] = [];
  limitOpenFiles(app, { most: 2, count: 0 });
  app.get("/file", () => new Promise((resolve) => waiting.push(() => resolve("x"))));
  const first = app.inject("/file");
  const second = app.inject("/file");
  await expect.poll(() => waiting.length).toBe(2);
  const third = await app.inject("/file");
  expect(third.json()).toMatchObject({ message: "2 files are being sent; try again later" });
  waiting.splice(0).forEach((finish) => finish());
  expect([(await first).body, (await second).body]).toEqual(["x", "x"]);
  const fourth = app.inject("/file");
  await expect.poll(() => waiting.length).toBe(1);
  waiting.splice(0).forEach((finish) => finish());
  expect((await fourth).body).toBe("x");
});
