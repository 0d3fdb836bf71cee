import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createKeyPair, type CurveKeyPair } from "../../src/zeromq/curve/keys.js";
import { PushPublisher } from "../../src/publisher/push-publisher.js";
import { spawnHub, startHub } from "../support/hub-process.js";

const server = createKeyPair();
const client = createKeyPair();

function keyFile(content: object): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-curve-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "hub.json");
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  return file;
}

interface Publishing {
  readonly keys?: CurveKeyPair;
  readonly data: string;
  /** The time-out. Publishers that must fail use a short time-out. */
  readonly timeoutMs: number;
}

async function publishTo(endpoint: string, { keys, data, timeoutMs }: Publishing): Promise<void> {
  const curve = keys === undefined ? undefined : { ...keys, serverKey: server.publicKey };
  const publisher = await PushPublisher.open(endpoint, { curve, timeoutMs, lingerMs: 0 });
  onTestFinished(() => publisher.close());
  await publisher.publish({ data });
}

test("a hub does not start with an ingest endpoint that other machines can reach, unless it has keys", async () => {
  const hub = await spawnHub({ http: "off", ingest: ["@tcp://*:0"] });
  expect(await hub.waitForExit({ within: 30_000 })).toEqual({ code: 2, signal: null });
  expect(hub.stderr.trim().split("\n").at(-1)).toMatch(
    /^pharos: --ingest: other machines could publish at tcp:\/\/\*:\*: bind loopback .*--ingest-curve FILE/,
  );
  expect(hub.stdout).toBe("");
});

test("a hub with keys takes publications of the clients that it lists, of nobody else, and stops in order", async () => {
  const keys = keyFile({ ...server, clients: [client.publicKey] });
  const hub = await startHub({ ingest: ["@tcp://0.0.0.0:0"], args: ["--ingest-curve", keys] });
  const endpoint = hub.ingest.replace("0.0.0.0", "127.0.0.1");
  const evil = { data: "evil", timeoutMs: 1000 };
  await expect(publishTo(endpoint, evil)).rejects.toMatchObject({ code: "not-taken" });
  const strangers = publishTo(endpoint, { ...evil, keys: createKeyPair() });
  await expect(strangers).rejects.toMatchObject({ code: "not-taken" });
  await hub.waitForLog(/its key is not in the list of clients/, { within: 60_000 });
  await publishTo(endpoint, { keys: client, data: "good", timeoutMs: 30_000 });
  const abort = new AbortController();
  const response = await fetch(`${hub.httpUrl}/esupdates?last_event_id=earliest`, { signal: abort.signal });
  onTestFinished(() => abort.abort());
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes("good")) break;
  }
  expect(text).toContain("data: good\n");
  expect(text).not.toContain("evil");
  expect(hub.stderr).toContain(server.publicKey);
  expect(hub.stderr).not.toContain(server.secretKey);
  expect(await hub.stop()).toEqual({ code: 0, signal: null });
});

test("after SIGHUP a hub takes publications of the clients that its file lists now", async () => {
  const other = createKeyPair();
  const keys = keyFile({ ...server, clients: [client.publicKey] });
  const hub = await startHub({ ingest: ["@tcp://0.0.0.0:0"], args: ["--ingest-curve", keys] });
  const endpoint = hub.ingest.replace("0.0.0.0", "127.0.0.1");
  writeFileSync(keys, JSON.stringify({ ...server, clients: [other.publicKey] }));
  hub.signal("SIGHUP");
  await hub.waitForLog(/the configuration is loaded again/, { within: 60_000 });
  await publishTo(endpoint, { keys: other, data: "good", timeoutMs: 30_000 });
  const removed = publishTo(endpoint, { keys: client, data: "evil", timeoutMs: 1000 });
  await expect(removed).rejects.toMatchObject({ code: "not-taken" });
});
