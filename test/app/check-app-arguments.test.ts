import { expect, it, onTestFinished } from "vitest";

import { createApp } from "../../src/app/app.js";
import { silentLogger } from "../../src/base/log.js";
import { loadConfig } from "../../src/config/load.js";

const config = loadConfig({ environment: { PHAROS_TOKEN_SECRET: "a-secret-of-at-least-thirty-two-bytes" } });
const ports = { logger: silentLogger, version: "1" };

// Bug: programs without types got errors such as "Cannot read properties of undefined".
it.each([
  [
    "no arguments",
    [],
    /needs a configuration that loadConfig returned, or a copy with other values, not a missing value/,
  ],
  [
    "a configuration by hand",
    [{ http: 8080 }, ports],
    /that loadConfig returned, or a copy with other values, not an object/,
  ],
  ["a text", ["pharos.json", ports], /that loadConfig returned, or a copy with other values, not a text/],
  ["no ports", [config], /second argument must be an object with logger, version, .*, not a missing value/],
  ["no logger", [config, { version: "1" }], /logger must be an object with the functions .*, not a missing/],
  ["the console's functions as a list", [config, { ...ports, logger: [] }], /logger must be .*, not a list/],
  ["a number as version", [config, { ...ports, version: 1 }], /version must be a text, not a number/],
  ["an unknown name", [config, { ...ports, log: 1 }], /there is no field "log"; allowed are logger/],
  ["no function", [config, { ...ports, onShutdownRequest: true }], /onShutdownRequest must be a function/],
  ["no function for a loss", [config, { ...ports, onJournalLost: 1 }], /onJournalLost must be a function/],
  ["a clock without timers", [config, { ...ports, clock: Date }], /clock must be .*, not a function/],
])("createApp refuses %s with a sentence", async (_name, args, message) => {
  const created: unknown = Reflect.apply(createApp, undefined, args);
  await expect(created).rejects.toMatchObject({
    code: "bad-config",
    message: expect.stringMatching(message),
  });
  await expect(created).rejects.not.toThrowError(/a-secret/);
});

it("createApp accepts a copy of a configuration with other values", async () => {
  const app = await createApp({ ...config, http: [], admin: "off" }, ports);
  onTestFinished(() => app.close());
  expect(await app.publish({ topics: ["news"], data: "1" })).toMatch(/^#/);
});
