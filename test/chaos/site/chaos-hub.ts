import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/free-port.js";
import { spawnHub } from "../../support/hub-process.js";
import type { HubOptions, HubProcess } from "../../support/hub-process.js";
import type { NatsHost } from "../../support/nats-server.js";
import type { OnEnd } from "../../support/on-end.js";
import { hubUrl, issuer, secret } from "../../support/token.js";
import { ShiftedClock } from "./shifted-clock.js";

export interface ChaosHubOptions {
  /** Further arguments of `pharos serve`, such as `--journal`. */
  readonly args: readonly string[];
  /** One option `--mongrel2` for each. @default none */
  readonly mongrel2?: readonly string[];
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  /** Where the hub runs. @default on this host */
  readonly host?: NatsHost;
  /** True: the process has a {@link ShiftedClock}, if this machine can. @default false */
  readonly hasClock?: boolean;
  readonly onEnd: OnEnd;
}

/** A busy machine may need minutes to start a process. */
const within = 240_000;

interface Place {
  readonly scratch: string;
  readonly address: string;
  readonly port: number;
  readonly ingest: string;
  readonly clock: ShiftedClock | undefined;
}

/** A hub that comes back at the same addresses whenever it was ended. */
export class ChaosHub {
  /** The address of the host. */
  readonly address: string;
  readonly port: number;
  readonly ingest: string;
  /** The clock of the process, if it can be set. */
  readonly clock: ShiftedClock | undefined;
  /** The working directory of the process. */
  readonly folder: string;
  readonly #options: HubOptions;
  #process: HubProcess | undefined;
  /** Processes that ended although nobody had asked them to. */
  readonly broken: string[] = [];

  private constructor(options: HubOptions, place: Place) {
    this.#options = options;
    this.folder = place.scratch;
    this.address = place.address;
    this.port = place.port;
    this.ingest = place.ingest;
    this.clock = place.clock;
  }

  static async start(options: ChaosHubOptions): Promise<ChaosHub> {
    const { args, mongrel2, entry, host, onEnd } = options;
    const scratch = await mkdtemp(join(tmpdir(), "pharos-chaos-"));
    onEnd(() => rm(scratch, { recursive: true, force: true }));
    const port = await freePort();
    const ingest = `ipc://${join(scratch, "ingest")}`;
    const address = host?.address ?? "127.0.0.1";
    const clock = options.hasClock === true ? await ShiftedClock.create(scratch) : undefined;
    const hub = new ChaosHub(
      {
        scratch,
        http: `${address}:${port}`,
        ingest: [`@${ingest}`],
        enter: host?.enter ?? [],
        env: {
          ...clock?.env,
          PHAROS_PUBLIC_URL: hubUrl,
          PHAROS_TOKEN_ISSUER: issuer,
          PHAROS_TOKEN_SECRET: secret,
        },
        args: ["--push-stream", "--heartbeat", "2", "--retry", "300", ...args],
        ...(entry === undefined ? {} : { entry }),
        ...(mongrel2 === undefined ? {} : { mongrel2 }),
        onEnd,
      },
      { scratch, address, port, ingest, clock },
    );
    await hub.begin();
    return hub;
  }

  /** Starts the process, and waits until it is ready. */
  async begin(): Promise<void> {
    this.#process = await spawnHub(this.#options);
    await this.#process.waitForReady({ within });
  }

  /** Starts the process, and kills it after this time, wherever its start is by then. */
  async beginAndKill(afterMs: number): Promise<void> {
    this.#process = await spawnHub(this.#options);
    await delay(afterMs);
    await this.end("SIGKILL");
  }

  /** Ends the process with this signal. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const process = this.#process;
    this.look();
    process?.signal(signal);
    await process?.waitForExit({ within });
  }

  /** Kills the process, if it still runs. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async pause(ms: number): Promise<void> {
    this.suspend();
    await delay(ms);
    this.resume();
  }

  /** Stops the process without closing its connections, until {@link resume}. */
  suspend(): void {
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  /** Notes if the process has ended by itself. */
  look(): void {
    const { exit, stderr = "" } = this.#process ?? {};
    if (exit !== undefined)
      this.broken.push(`the hub ended by itself with ${exit.code ?? exit.signal}: ${stderr.slice(-500)}`);
  }
}
