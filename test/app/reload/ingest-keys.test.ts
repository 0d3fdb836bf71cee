import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readIngestKeys } from "../../../src/app/reload/ingest-keys.js";
import { LiveIngestKeys } from "../../../src/app/reload/live-ingest-keys.js";
import { createKeyPair } from "../../../src/zeromq/curve/keys.js";
import { parseEndpoint } from "../../../src/zeromq/endpoint.js";
import { Records } from "../../ingress/zeromq/open-ingress.js";

const keys = createKeyPair();
const publisher = createKeyPair();
const everywhere = parseEndpoint("@tcp://*:9997", "bind");
const here = [parseEndpoint("@tcp://127.0.0.1:9997", "bind"), parseEndpoint("@ipc://queue", "bind")];

function keyFile(content: unknown, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "keys.json");
  writeFileSync(file, JSON.stringify(content));
  chmodSync(file, mode);
  return file;
}

test("without a file there are no keys, and nothing is said", () => {
  const logger = new Records();
  expect(readIngestKeys({ file: undefined, endpoints: [everywhere], logger })).toBeUndefined();
  expect(logger.lines).toEqual([]);
});

test("the log has the public key, and never the secret one", () => {
  const logger = new Records();
  const file = keyFile({ ...keys, clients: [publisher.publicKey] });
  const read = readIngestKeys({ file, endpoints: [...here, everywhere], logger });
  expect(read).toMatchObject({ ...keys, clients: new Set([publisher.publicKey]) });
  expect(logger.lines).toMatchObject([{ level: "info", fields: { publicKey: keys.publicKey, clients: 1 } }]);
  expect(JSON.stringify(logger.lines)).not.toContain(JSON.stringify(keys.secretKey).slice(1, -1));
});

test("a file that others can read, and keys that nothing uses, are warned of", () => {
  const logger = new Records();
  readIngestKeys({ file: keyFile({ secretKey: keys.secretKey }, 0o644), endpoints: here, logger });
  expect(logger.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    "info: ZeroMQ publishers on other machines need keys",
    "warn: other users can read or change the secret key; chmod 600 prevents it",
    "warn: no ingest endpoint is reachable from other machines: the keys are not used",
  ]);
});

test("what is no file of a hub's keys is refused with its name", () => {
  const file = keyFile({ publicKey: keys.publicKey });
  expect(() => readIngestKeys({ file, endpoints: here, logger: new Records() })).toThrow(
    expect.objectContaining({
      code: "bad-curve-key",
      message: expect.stringContaining(`secretKey in ${file}`),
    }),
  );
});

test("a running hub takes the clients of a changed file, and keeps its own pair", () => {
  const file = keyFile({ ...keys, clients: [publisher.publicKey] });
  const config = { ingestCurve: file };
  const live = new LiveIngestKeys();
  const opened = live.open({ file, endpoints: [everywhere], logger: new Records() });
  writeFileSync(file, JSON.stringify({ secretKey: keys.secretKey }));
  const prepared = live.prepare(config);
  expect([...(opened?.clients ?? [])], "before the use").toEqual([publisher.publicKey]);
  prepared.use();
  expect([opened, prepared.kept]).toEqual([{ ...keys, clients: undefined }, []]);
  writeFileSync(file, JSON.stringify({ ...createKeyPair(), clients: [keys.publicKey] }));
  const other = live.prepare(config);
  other.use();
  expect(opened).toEqual({ ...keys, clients: new Set([keys.publicKey]) });
  expect(other.kept).toEqual([{ setting: "ingestCurve", from: "(a secret)", to: "(a secret)" }]);
  writeFileSync(file, "{}");
  expect(() => live.prepare(config)).toThrow(expect.objectContaining({ code: "bad-curve-key" }));
});
