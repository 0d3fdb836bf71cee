import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test, onTestFinished } from "vitest";
import { Pair } from "zeromq";
import { systemClock } from "../../../src/app/system-clock.js";
import { planDescriptors } from "../../../src/limits/descriptors.js";
import { defaultFanoutLimits } from "../../../src/limits/fanout.js";
import { silentLogger } from "../../../src/base/log.js";
import { WorkerFront } from "../../../src/workers/worker/worker-front.js";
import { before } from "../../support/wait-for.js";

test("a worker gives back connections whose handles never reached it", async () => {
  // Without free descriptors, Node drops the message together with the handle. Bug: the hub then counted the lost
  // connections for ever.
  const dir = await mkdtemp(join(tmpdir(), "pharos-worker-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const hub = new Pair({ linger: 0 });
  onTestFinished(() => hub.close());
  const address = `ipc://${join(dir, "hub")}`;
  await hub.bind(address);
  const front = new WorkerFront({
    settings: {
      worker: 1,
      address,
      htmlDir: dir,
      resources: [],
      corsOrigins: [],
      trustedProxies: [],
      proxyProtocol: [],
      hstsSeconds: 0,
      http2Streams: 256,
      publicUrl: "http://127.0.0.1",
      descriptors: planDescriptors(),
      headBytes: 16_384,
      headerLines: 100,
      bodyBytes: 1024,
      requestBytes: 4096,
      fanout: defaultFanoutLimits,
      logLevel: "error",
      // Bug: a worker did not start while its access log could not be opened.
      accessLog: join(dir, "missing", "access.log"),
      limits: { accessLogBytes: 1024 * 1024 },
      isMeasured: false,
    },
    clock: systemClock,
    logger: { ...silentLogger, level: "silent" },
    stdout: new PassThrough(),
    over: () => undefined,
  });
  await front.start();
  onTestFinished(() => hub.send(JSON.stringify([{ kind: "close" }])));
  const at = { listener: 0, secure: false, redirects: false, isUnix: false };
  front.take({ connection: 1, at }, undefined);
  front.take({ connection: 4, at }, undefined);
  const said = before(untilSaid(hub, 5), { within: 30_000, missing: "what it has to say" });
  expect(await said).toMatchObject([
    { kind: "up" },
    ...[1, 2, 3, 4].map((connection) => ({ kind: "closed", connection })),
  ]);
});

/** Resolves with the first `count` messages. */
async function untilSaid(hub: Pair, count: number): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  while (said.length < count) {
    const [text] = await hub.receive();
    said.push(...(JSON.parse(String(text)) as unknown[]));
  }
  return said;
}
