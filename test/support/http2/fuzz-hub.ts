import { expect } from "vitest";
import type { HubProcess } from "../hub-process.js";
import { untilNothingHeld } from "../nothing-held.js";
import { runScripts } from "./fuzz.js";
import { startHttp2Hub } from "./hub.js";
import { connectHttp2, type RawHttp2 } from "./raw-client.js";
import type { RawStream } from "./raw-stream.js";
import { bodyPath, longPath } from "./rules/rule.js";

const within = 120_000;
const batch = 1000;

/**
 * Sends scripts with changes to a hub without TLS. After each batch, another client gets an event. Checks that the hub
 * has no fault of its own, and holds nothing at the end. Returns the hub.
 */
export async function fuzzHub(options: {
  readonly scripts: number;
  readonly firstSeed: number;
  readonly workers?: number;
}): Promise<HubProcess> {
  const { scripts, firstSeed, workers = 0 } = options;
  const hub = await startHttp2Hub({ tls: false, workers, admin: "0" });
  const other = await connectHttp2({ port: hub.httpPort, tls: false });
  const watcher = await other.openStream(longPath);
  const found = new Set<string>();
  let answers = 0;
  for (let done = 0; done < scripts; done += batch) {
    const result = await runScripts({ port: hub.httpPort, firstSeed: firstSeed + done, scripts: batch });
    answers += result.answers;
    for (const error of result.errors.keys()) found.add(error);
    await checkOther(other, watcher, `after ${done + batch} scripts`);
  }
  // The scripts got far: they met the usual errors that a client can cause, and got answers. Most answers of workers
  // come too late for these clients.
  expect([...found]).toEqual(
    expect.arrayContaining(["COMPRESSION_ERROR", "FRAME_SIZE_ERROR", "PROTOCOL_ERROR", "STREAM_CLOSED"]),
  );
  expect(found).not.toContain("INTERNAL_ERROR");
  expect(answers).toBeGreaterThan(workers === 0 ? scripts / 10 : 0);
  expect(hub.stderr).not.toContain('"level":"error"');
  other.close();
  await untilNothingHeld(hub, { within });
  return hub;
}

async function checkOther(other: RawHttp2, watcher: RawStream, data: string): Promise<void> {
  expect((await other.exchange(bodyPath, { method: "POST", body: data })).status).toBe(200);
  await other.untilEvent(watcher, data);
}
