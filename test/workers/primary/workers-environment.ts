import { join } from "node:path";
import { createEpoch } from "../../../src/journal/epoch.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { systemClock } from "../../../src/app/system-clock.js";
import { planDescriptors } from "../../../src/limits/descriptors.js";
import { defaultFanoutLimits } from "../../../src/limits/fanout.js";
import { Gateway } from "../../../src/gateway/gateway.js";
import { Hub } from "../../../src/hub/hub.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import type { Listener } from "../../../src/fronts/listen/listener.js";
import type { LogFields, Logger } from "../../../src/base/log.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import type { Labels } from "../../../src/base/metrics.js";
import { WorkersFront } from "../../../src/workers/primary/workers-front.js";
import type { WorkersFrontOptions } from "../../../src/workers/primary/workers-front.js";
import { root } from "../../support/ipc.js";
import { atTestEnd } from "../../support/on-end.js";
import { connectRaw, type RawConnection } from "../../support/raw-http.js";
import { Changes } from "../../support/wait-for.js";

/** A worker that answers each connection; see the comment in its file. */
export const fakeWorker = join(root, "test", "support", "fake-worker.mjs");

/** A worker that is ready when the test wants; see the comment in its file. */
export const lateWorker = join(root, "test", "support", "late-worker.mjs");

/** A worker that is never ready. */
export const slowWorker = join(root, "test", "support", "slow-worker.mjs");

const within = 30_000;

/** The signal of a hub that does not stop. */
export const running = new AbortController().signal;

/** One listener on a port of this machine. */
export function listenersAt(port: number): readonly Listener[] {
  return [
    { address: { kind: "tcp", host: "127.0.0.1", port }, secure: false, redirects: false, socketMode: 0o660 },
  ];
}

/** A front whose workers are real processes. The processes run a test program, and end with the test. */
export class WorkersEnvironment {
  readonly front: WorkersFront;
  /** The log lines of errors. */
  readonly errors: (LogFields & { readonly message: string })[] = [];
  /** The reasons why the front cut connections. */
  readonly cut: (string | undefined)[] = [];
  readonly #changes = new Changes();
  #port = 0;

  constructor(options: Partial<WorkersFrontOptions> = {}) {
    const history = new MemoryHistory({
      epochs: EpochChain.of(createEpoch()),
      clock: systemClock,
      metrics: silentMetrics,
      limits: defaultHistoryLimits,
    });
    this.front = new WorkersFront({
      listeners: listenersAt(0),
      workers: 2,
      limits: { connectionsPerWorker: 100, connections: 100 },
      fanout: settings.fanout,
      descriptors: planDescriptors(),
      entry: fakeWorker,
      settings,
      gateway: new Gateway({ corsOrigins: [], resources: [] }),
      hub: new Hub({ history, clock: systemClock }),
      clock: systemClock,
      logger: this.#logger(),
      metrics: {
        ...silentMetrics,
        count: (name: string, _by?: number, labels: Labels = {}) => {
          if (name === "connections_cut_total") this.cut.push(labels["reason"]);
        },
      },
      ...options,
    });
    atTestEnd(() => this.front.close());
  }

  async listen(): Promise<void> {
    this.#port = Number(new URL((await this.front.start(running))[0]?.url ?? "").port);
  }

  connect(): Promise<RawConnection> {
    return connectRaw({ port: this.#port });
  }

  /** Connects, and returns the connection with the number of its worker. */
  async connectToWorker(): Promise<{ readonly connection: RawConnection; readonly worker: number }> {
    const connection = await this.connect();
    await connection.readUntil("\n", { within });
    return { connection, worker: Number.parseInt(connection.text, 10) };
  }

  /** Waits until an error matches, and returns the fields of the error. */
  async untilError(pattern: RegExp): Promise<LogFields> {
    const found = (): LogFields | undefined =>
      this.errors.find((fields) => pattern.test(JSON.stringify(fields)));
    await this.#changes.until(() => found() !== undefined, {
      within,
      missing: () => `nothing like ${String(pattern)} was logged, but ${JSON.stringify(this.errors)}`,
    });
    return found() ?? {};
  }

  #logger(): Logger {
    const ignore = (): void => undefined;
    const error = (fields: LogFields, message: string): void => {
      this.errors.push({ ...fields, message });
      this.#changes.changed();
    };
    return { debug: ignore, info: ignore, warn: ignore, error };
  }
}

const settings = {
  htmlDir: join(root, "html"),
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
  bodyBytes: 1024 * 1024,
  requestBytes: 64 * 1024 * 1024,
  fanout: defaultFanoutLimits,
  logLevel: "error",
  accessLog: "off",
  limits: { accessLogBytes: 1024 * 1024 },
  isMeasured: false,
} as const;
