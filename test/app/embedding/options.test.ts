import { describe, expect, it } from "vitest";
import { createHub } from "../../../src/app/embedding/hub.js";
import { settings } from "../../../src/config/settings.js";
import { PharosError } from "../../../src/base/errors.js";
import { hubForTest } from "./program.js";

/** The settings that only a hub with its own server, log and process has. */
const withoutMeaning = [
  "http",
  "https",
  "admin",
  "workers",
  "mongrel2",
  "ingest",
  "control",
  "stateDir",
  "accessLog",
  "logLevel",
];

async function refusalOf(options: unknown): Promise<string> {
  try {
    const hub = await createHub(options as never);
    await hub.close();
    return "accepted";
  } catch (error) {
    return error instanceof PharosError && error.code === "bad-config"
      ? error.message
      : `another error: ${String(error)}`;
  }
}

describe("the options of createHub", () => {
  it.each(withoutMeaning)("have no %s", async (name) => {
    expect(await refusalOf({ [name]: "off" })).toBe(
      `an embedded hub has no option "${name}", because the program around it has the server, the log and the process`,
    );
  });

  it.each([
    ["an unknown name", { anonymus: true }, 'there is no field "anonymus"'],
    ["no object", "anonymous", "the options of createHub must be an object"],
    ["a prefix with a slash at its end", { prefix: "/live/" }, 'prefix: given "/live/", allowed: a path'],
    ["a prefix without a slash", { prefix: "live" }, 'prefix: given "live"'],
    ["a page that is a text", { page: "on" }, 'page: given "on", allowed: true or false'],
    ["a logger without its functions", { logger: {} }, "logger must be an object with the functions debug"],
    [
      "a limit that is no number",
      { limits: { connections: "many" } },
      'limits.connections: given "many", allowed: ',
    ],
    ["a limit that does not exist", { limits: { connection: 1 } }, 'limits: unknown setting "connection"'],
    ["a switch that is a number", { anonymous: 1 }, "anonymous: given 1, allowed: on or off"],
  ])("are refused: %s", async (_name, options, sentence) => {
    const refusal = await refusalOf(options);
    expect(refusal).toContain(sentence);
    expect(refusal.split("\n")).toHaveLength(1);
  });

  const embedded = settings.map(({ key }) => key).filter(isEmbedded);

  it.each(embedded.flatMap((name) => [[name, Symbol("wrong")] as const, [name, { wrong: true }] as const]))(
    "refuse a wrong type for %s in one sentence",
    async (name, value) => {
      const refusal = await refusalOf({ [name]: value });
      expect(refusal).toMatch(new RegExp(`^${name}(\\.\\w+)?: `));
      expect(refusal.split("\n")).toHaveLength(1);
    },
  );

  it("never show a secret", async () => {
    expect(await refusalOf({ tokenSecret: "short" })).toMatch(/^tokenSecret: given (?!.*short)/);
  });

  it("take true and false, and what the settings file takes", async () => {
    await expect(hubForTest({ anonymous: false, open: "on", compress: true })).resolves.toBeDefined();
  });
});

function isEmbedded(name: string): boolean {
  return [
    "anonymous",
    "corsOrigins",
    "heartbeatSeconds",
    "journal",
    "limits",
    "publicUrl",
    "tokenSecret",
    "trustedProxies",
    "pushStream",
    "retryMs",
    "subscriptions",
    "cookieName",
    "webhook",
  ].includes(name);
}
