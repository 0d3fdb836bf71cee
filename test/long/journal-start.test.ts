import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { metric } from "../support/hub-metric.js";
import { startHub, type HubOptions, type HubProcess } from "../support/hub-process.js";
import { median, mib, printFigures } from "../support/load/figures.js";
import { HttpPublishers, requestOfLines } from "../support/load/http-publishers.js";

const MiB = 1024 ** 2;

/** How often the hub is started with each log: `PHAROS_START_TURNS`. */
const turns = Number(process.env["PHAROS_START_TURNS"] ?? 3);

/** The size of the first log: `PHAROS_START_MEBIBYTES`. */
const firstMebibytes = Number(process.env["PHAROS_START_MEBIBYTES"] ?? 1024);

let options: Omit<HubOptions, "onEnd">;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pharos-start-"));
  options = { admin: "127.0.0.1:0", args: ["--open=on", "--journal", `disk:${join(dir, "journal")}`] };
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function publish(hub: HubProcess, data: string): Promise<string> {
  const response = await fetch(`${hub.httpUrl}/publish/load/0`, { method: "POST", body: data });
  const { id } = (await response.json()) as { readonly id: string };
  return id;
}

/** Publishes this much, and then an event. Returns the id of the event before, and kills the hub. */
async function fill({ bytes, mebibytes }: { readonly bytes: number; readonly mebibytes: number }) {
  const hub = await startHub(options);
  const publishers = await HttpPublishers.connect(hub.httpPort, 4);
  const request = requestOfLines({
    lines: Math.max(1, Math.min(1000, Math.round(400_000 / bytes))),
    bytes,
    topics: 100,
  });
  while (publishers.acknowledged * bytes < mebibytes * MiB)
    await publishers.saturate(request, { open: 2, ms: 500 });
  publishers.close();
  const id = await publish(hub, "before");
  await publish(hub, "first");
  await hub.kill();
  return id;
}

/** Starts a hub without a log: this is what a start costs on this machine at this moment. */
async function memoryStartLine(): Promise<string> {
  const startMs = performance.now();
  const hub = await startHub({ admin: "127.0.0.1:0", args: ["--open=on"] });
  const line = `a hub in memory: ready after ${(performance.now() - startMs).toFixed(0)} ms and ${hub.cpuSeconds().toFixed(1)} s of CPU`;
  await hub.kill();
  return line;
}

/** The first event of a stream that resumes at an id, and the time until it arrives, in milliseconds from now. */
async function firstEvent(
  hub: HubProcess,
  id: string,
): Promise<{ readonly ms: number; readonly data: string }> {
  const startMs = performance.now();
  const headers = { "Last-Event-ID": id };
  const response = await fetch(`${hub.httpUrl}/esupdates?topic=load/0`, { headers });
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const [, data] = /^data: (x+|first)\n\n/m.exec(text) ?? [];
    if (data !== undefined) return { ms: performance.now() - startMs, data };
  }
  throw new Error(`the stream has ended with ${JSON.stringify(text)}`);
}

// A start replays the newest part of the log, so each size need only fill that part, after the first one has filled the log.
test.each([
  { bytes: 10_000, mebibytes: firstMebibytes },
  { bytes: 1000, mebibytes: 192 },
  { bytes: 200, mebibytes: 192 },
])(
  "a hub with a log of 1 GiB, the newest publications of $bytes bytes, sends a first event within 5 seconds of its start",
  async ({ bytes, mebibytes }) => {
    const id = await fill({ bytes, mebibytes });
    const lines: string[] = [];
    const firstMs: number[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      const startMs = performance.now();
      const hub = await startHub(options);
      const readyMs = performance.now() - startMs;
      const ofReady = hub.cpuSeconds();
      const first = await firstEvent(hub, id);
      expect(first.data).toBe("first");
      firstMs.push(readyMs + first.ms);
      const oldest = await firstEvent(hub, "earliest");
      const [history, log] = [
        await metric(hub, "pharos_history_bytes"),
        await metric(hub, "pharos_journal_bytes"),
      ];
      lines.push(
        `ready after ${readyMs.toFixed(0)} ms and ${ofReady.toFixed(1)} s of CPU, first event after ${(readyMs + first.ms).toFixed(0)} ms; ${mib(history)} in memory of ${mib(log)} of log; the oldest event ${oldest.ms.toFixed(0)} ms after its request`,
      );
      await hub.kill();
      lines.push(await memoryStartLine());
    }
    printFigures(`starts after a kill, publications of ${bytes} bytes`, lines);
    expect(median(firstMs)).toBeLessThan(5000);
  },
);
