import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { loadConfig } from "../../src/config/load.js";
import type { SettingText } from "../../src/config/settings.js";
import { PharosError } from "../../src/base/errors.js";

function options(given: Record<string, SettingText>): ReadonlyMap<string, SettingText> {
  return new Map(Object.entries(given));
}

function settingsFile(content: unknown): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-config-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "pharos.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-config") return error.message;
    throw error;
  }
  throw new Error("the settings were taken");
}

test("without settings, the documented defaults apply", () => {
  const config = loadConfig();
  expect(config).toMatchObject({
    http: [{ kind: "tcp", host: "127.0.0.1", port: 8080 }],
    unixMode: 0o660,
    workers: 0,
    mongrel2: [],
    ingest: ["@tcp://127.0.0.1:9997"],
    admin: { host: "127.0.0.1", port: 8081, isDefault: true },
    trustedProxies: [],
    corsOrigins: [],
    targets: 128,
    keepAliveSeconds: 15,
    heartbeatSeconds: 15,
    retryMs: 5000,
    logLevel: "info",
  });
  expect(config).not.toHaveProperty("control");
  expect(config).not.toHaveProperty("beaconSeconds");
  expect(config.limits).toEqual({
    journal: {
      bytes: 1024 * 1024 * 1024,
      ageSeconds: 86_400,
      waitingBytes: 16 * 1024 * 1024,
      batchBytes: 4 * 1024 * 1024,
      appendSeconds: 10,
    },
    history: {
      topicEvents: 65_536,
      topicBytes: 67_108_864,
      sharedBytes: 16_777_216,
      ageSeconds: 86_400,
      bytes: 268_435_456,
      topics: 100_000,
      ids: 100_000,
    },
    retained: { bytes: 67_108_864 },
    token: {
      bytes: 12_288,
      details: 100,
      topics: 100,
      selectors: 1000,
      remembered: 1000,
      revocationBytes: 16_777_216,
      revocationSeconds: 2_592_000,
    },
    pendingBytes: 67_108_864,
    connections: 15_000,
    connectionsPerWorker: 18_000,
    http2Streams: 256,
    connectionsPerAddress: 200,
    connectionsPerLocalAddress: 15_000,
    requestsPerAddress: 100,
    requestsPerLocalAddress: 10_000,
    publishesPerAddress: 100,
    publishesPerLocalAddress: 10_000,
    filtersPerConnection: 100,
    filterBytesInAll: 134_217_728,
    filterLevels: 250_000,
    filterMixtures: 1000,
    patterns: { withoutPrefix: 1000, alike: 100, expressions: 1000 },
    filterPercentPerAddress: 10,
    subscriptionDeliveries: 100_000,
    subscriptionBytes: 268_435_456,
    subscriptionListBytes: 8_388_608,
    topicBytes: 1024,
    filterBytes: 1024,
    idBytes: 256,
    typeBytes: 256,
    topicsPerPublication: 100,
    publicationsPerRequest: 1000,
    linesPerRequest: 10_000,
    idempotency: { answers: 20_000, bytes: 16_777_216, ageSeconds: 3600 },
    dataBytes: 1_048_576,
    roundBytes: 262_144,
    mongrel2RoundBytes: 65_536,
    mongrel2WindowBytes: 67_108_864,
    roundWaitMs: 250,
    stallSeconds: 60,
    headBytes: 16_384,
    headerLines: 100,
    bodyBytes: 1_048_576,
    requestBytes: 67_108_864,
    webhookBytes: 4_194_304,
    webhooksPerSecond: 10,
    accessLogBytes: 4_194_304,
  });
});

test("options override the environment, which overrides the file, which overrides the defaults", () => {
  const file = settingsFile({ targets: 1, retryMs: 1000, heartbeatSeconds: 1 });
  const config = loadConfig({
    options: options({ config: file, targets: "3" }),
    environment: { PHAROS_TARGETS: "2", PHAROS_RETRY: "2000" },
  });
  expect(config).toMatchObject({ targets: 3, retryMs: 2000, heartbeatSeconds: 1, keepAliveSeconds: 15 });
});

test("a list is taken as a whole from the first source that has it", () => {
  const file = settingsFile({ ingest: ["@ipc://a", "@ipc://b"], corsOrigins: ["https://file.example"] });
  const config = loadConfig({
    environment: { PHAROS_CONFIG: file, PHAROS_INGEST: "  @ipc://c   >tcp://127.0.0.1:5 " },
  });
  expect(config).toMatchObject({
    ingest: ["@ipc://c", ">tcp://127.0.0.1:5"],
    corsOrigins: ["https://file.example"],
  });
});

test("limits come from the environment and the file, leaf by leaf", () => {
  const file = settingsFile({ limits: { history: { topics: 5, ids: 6 }, connections: 7 } });
  const { limits } = loadConfig({
    options: options({ config: file }),
    environment: { PHAROS_LIMITS_HISTORY_TOPICS: "50", PHAROS_LIMITS_MONGREL2_ROUND_BYTES: "4096" },
  });
  expect(limits).toMatchObject({
    history: { topics: 50, ids: 6 },
    connections: 7,
    mongrel2RoundBytes: 4096,
    roundBytes: 262_144,
  });
});

test("an empty variable counts as absent", () => {
  expect(loadConfig({ environment: { PHAROS_HTTP: "", PHAROS_INGEST: " " } })).toEqual(loadConfig());
});

test("the result is deeply frozen", () => {
  const config = loadConfig({ options: options({ mongrel2: ["ipc://a,ipc://b"] }) });
  for (const part of [config, config.http, config.mongrel2, config.mongrel2[0], config.limits.history])
    expect(Object.isFrozen(part)).toBe(true);
});

test.each<[string, unknown]>([
  ["off", []],
  ["0", [{ kind: "tcp", host: "127.0.0.1", port: 0 }]],
  ["9000", [{ kind: "tcp", host: "127.0.0.1", port: 9000 }]],
  ["0.0.0.0:80", [{ kind: "tcp", host: "0.0.0.0", port: 80 }]],
  ["*:80", [{ kind: "tcp", host: "*", port: 80 }]],
  ["example.org:8080", [{ kind: "tcp", host: "example.org", port: 8080 }]],
  ["[::1]:8080", [{ kind: "tcp", host: "::1", port: 8080 }]],
  ["unix:/run/my hub/http", [{ kind: "unix", path: "/run/my hub/http" }]],
  ["systemd", [{ kind: "systemd" }]],
  ["systemd:pharos.socket", [{ kind: "systemd", name: "pharos.socket" }]],
])("--http %s is understood, in the file too", (text, http) => {
  expect(loadConfig({ options: options({ http: [text] }) }).http).toEqual(http);
  expect(loadConfig({ options: options({ config: settingsFile({ http: text }) }) }).http).toEqual(http);
});

test("the hub may listen on several addresses: options, words of the variable, or a list in the file", () => {
  const http = ["8080", "unix:/run/pharos/http"];
  const all = [
    { kind: "tcp", host: "127.0.0.1", port: 8080 },
    { kind: "unix", path: "/run/pharos/http" },
  ];
  expect(loadConfig({ options: options({ http }) }).http).toEqual(all);
  expect(loadConfig({ environment: { PHAROS_HTTP: http.join(" ") } }).http).toEqual(all);
  expect(loadConfig({ options: options({ config: settingsFile({ http }) }) }).http).toEqual(all);
});

test.each<[string[], string]>([
  [["[::1]:9000", "8080"], "http://[::1]:9000/.well-known/mercure"],
  [["unix:/run/pharos/http", "8080"], "http://127.0.0.1:8080/.well-known/mercure"],
  [["*:8080"], "http://127.0.0.1:8080/.well-known/mercure"],
  [["systemd"], "http://localhost/.well-known/mercure"],
])("with --http %j the public URL is %s", (http, publicUrl) => {
  expect(loadConfig({ options: options({ http }) }).publicUrl).toBe(publicUrl);
});

test.each<[string, number]>([
  ["666", 0o666],
  ["0600", 0o600],
])("--unix-mode %s is a mode of files", (mode, unixMode) => {
  expect(loadConfig({ options: options({ "unix-mode": mode }) }).unixMode).toBe(unixMode);
});

test("the specs of Mongrel2 servers are told apart", () => {
  const mongrel2 = ["tcp://127.0.0.1:9999,tcp://127.0.0.1:9998", "ipc://run/a,ipc://run/b,ipc://run/control"];
  expect(loadConfig({ options: options({ mongrel2 }) }).mongrel2).toEqual([
    { send: "tcp://127.0.0.1:9999", recv: "tcp://127.0.0.1:9998" },
    { send: "ipc://run/a", recv: "ipc://run/b", control: "ipc://run/control" },
  ]);
});

test("--beacon without a number means every 5 seconds", () => {
  expect(loadConfig({ options: options({ beacon: true }) })).toMatchObject({ beaconSeconds: 5 });
  expect(loadConfig({ options: options({ beacon: "0.5" }) })).toMatchObject({ beaconSeconds: 0.5 });
});

test.each<[Record<string, string | undefined>, string]>([
  [{ XDG_STATE_HOME: "/var/state" }, "/var/state/pharos"],
  [{ XDG_STATE_HOME: "/var/state", PHAROS_STATE_DIR: "/srv/pharos" }, "/srv/pharos"],
])("with %j the records of open streams live in %s", (environment, stateDir) => {
  expect(loadConfig({ environment })).toMatchObject({ stateDir });
});

test("a relative XDG_STATE_HOME is ignored", () => {
  expect(loadConfig({ environment: { XDG_STATE_HOME: "state" } }).stateDir).toMatch(
    /^\/.*\/\.local\/state\/pharos$/,
  );
});

test("--publish-origin takes patterns with one *", () => {
  const origins = ["*", "https://a.example.org", "https://*.example.org", "http://localhost:*"];
  const config = loadConfig({ options: options({ "publish-origin": origins }) });
  expect(config.publishOrigins).toEqual(origins);
});

test("--state-dir off keeps no records", () => {
  expect(loadConfig({ options: options({ "state-dir": "off" }) })).not.toHaveProperty("stateDir");
});

test.each<[string, SettingText]>([
  ["http", "::1:80"],
  ["http", "127.0.0.1:65536"],
  ["http", ":8080"],
  ["http", "on"],
  ["http", "::"],
  ["http", "*"],
  ["http", "unix:"],
  ["http", "unix:relative/path"],
  ["http", "unix:/run/pharos/"],
  ["http", "systemd:"],
  ["http", "systemd:a:b"],
  ["unix-mode", "rw-rw----"],
  ["unix-mode", "888"],
  ["unix-mode", "66"],
  ["mongrel2", ["ipc://a"]],
  ["mongrel2", ["ipc://a,ipc://b,ipc://c,ipc://d"]],
  ["mongrel2", ["ipc://a,@ipc://b"]],
  ["ingest", ["127.0.0.1:9997"]],
  ["ingest", ["@udp://127.0.0.1:9997"]],
  ["control", "tcp://127.0.0.1:9996"],
  ["beacon", "0"],
  ["cors-origin", ["https://example.org/"]],
  ["cors-origin", ["https://Example.org"]],
  ["publish-origin", ["https://*.*.example.org"]],
  ["publish-origin", ["https://example.org/*"]],
  ["publish-origin", ["*://example.org"]],
  ["publish-origin", ["*.example.org"]],
  ["targets", "0"],
  ["targets", "129"],
  ["targets", "1.5"],
  ["targets", "many"],
  ["keep-alive", "-1"],
  ["heartbeat", "0"],
  ["retry", "99"],
  ["retry", "3600001"],
  ["state-dir", ""],
  ["log-level", "loud"],
])("--%s %s is refused in one line that says what is allowed", (option, value) => {
  const line = refusal(() => loadConfig({ options: options({ [option]: value }) }));
  const given = Array.isArray(value) ? value[0] : value;
  expect(line).toMatch(/^[^\n]*, allowed: [^\n]+$/);
  expect(line.startsWith(`--${option}: given `)).toBe(true);
  expect(line).toContain(given);
});

test.each([
  ["is too long", `unix:/${"x".repeat(100)}`],
  ["has a line break", "unix:/run/\nhub"],
])("the path of a unix socket that %s is refused", (_fault, http) => {
  expect(refusal(() => loadConfig({ options: options({ http }) }))).toMatch(
    /^--http: given [^\n]*, allowed: [^\n]*unix:\/PATH[^\n]* paths up to 100 bytes$/,
  );
});

test.each<[unknown, string]>([
  [["8080", "off"], 'given ["8080","off"]'],
  [["8080", "on"], 'given "on"'],
  [8080, "given 8080"],
  [[8080], "given [8080]"],
  [{ port: 8080 }, 'given {"port":8080}'],
])("http %j in the file is refused in one line that says what is allowed", (http, given) => {
  const line = refusal(() => loadConfig({ options: options({ config: settingsFile({ http }) }) }));
  expect(line).toMatch(/^http[^\n]*, allowed: \[HOST:\]PORT, [^\n]+$/);
  expect(line).toContain(given);
});

test("each fault is reported in one line with its source", () => {
  const file = settingsFile({ retryMs: "soon", limits: { history: { bytes: 1 } }, heartbeatSeconds: 0 });
  const lines = refusal(() =>
    loadConfig({
      options: options({ config: file, targets: "129" }),
      environment: { PHAROS_HEARTBEAT: "0", PHAROS_LIMITS_CONNECTIONS: "none" },
    }),
  ).split("\n");
  expect(lines.toSorted()).toEqual([
    "--targets: given 129, allowed: a whole number from 1 to 128",
    "PHAROS_HEARTBEAT: given 0, allowed: a number of seconds from 0.05 to 3600",
    'PHAROS_LIMITS_CONNECTIONS: given "none", allowed: a whole number from 1 to 10000000',
    `limits.history.bytes in ${file}: given 1, allowed: a whole number from 65536 to 68719476736`,
    `retryMs in ${file}: given "soon", allowed: a whole number from 100 to 3600000`,
  ]);
});

test("--opaque-ids with --push-stream is refused, because those messages reveal the count", () => {
  const both = options({ "opaque-ids": true, "push-stream": "/push" });
  expect(refusal(() => loadConfig({ options: both }))).toBe(
    '--opaque-ids: given "on", allowed: off with --push-stream, because its messages reveal the number of publications',
  );
  const one = options({ "opaque-ids": true, "push-stream": "off" });
  expect(loadConfig({ options: one }).opaqueIds).toBe(true);
});

test("an unknown setting is refused", () => {
  const file = settingsFile({ tragets: 1, limits: { histroy: {} } });
  expect(refusal(() => loadConfig({ options: options({ config: file }) })).split("\n")).toEqual([
    `limits in ${file}: unknown setting "histroy"; config.schema.json lists all settings`,
    `${file}: unknown setting "tragets"; config.schema.json lists all settings`,
  ]);
});

test.each<[string, RegExp]>([
  ["{", /^\S+pharos\.json: not JSON: /],
  ["[]", /^\S+pharos\.json: not a JSON object, but a list$/],
])("a settings file of %s is refused", (content, line) => {
  const file = settingsFile(content);
  expect(refusal(() => loadConfig({ options: options({ config: file }) }))).toMatch(line);
});

test("a missing settings file is refused", () => {
  expect(refusal(() => loadConfig({ options: options({ config: "/nowhere/pharos.json" }) }))).toMatch(
    /^--config: cannot read \/nowhere\/pharos\.json: ENOENT/,
  );
});

test("a settings file may begin with a byte order mark", () => {
  const file = settingsFile(`\uFEFF{"http":"off"}`);
  expect(loadConfig({ options: options({ config: file }) }).http).toEqual([]);
});

// 200,000 brackets exhausted the stack: the command ended with "Maximum call stack size exceeded".
test.each([
  ["brackets", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
  ["objects in a setting", `{"limits":${'{"a":'.repeat(200_000)}1${"}".repeat(200_001)}`],
  ["an end that is missing", '{"a":'.repeat(200_000)],
])("a settings file of many %s is refused", (_name, text) => {
  const file = settingsFile(text);
  expect(refusal(() => loadConfig({ options: options({ config: file }) }))).toBe(
    `${file}: nests deeper than 32 levels`,
  );
});
