import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/free-port.js";
import { spawnHub } from "../../support/hub-process.js";
import type { HubOptions, HubProcess } from "../../support/hub-process.js";
import type { OnEnd } from "../../support/on-end.js";
import { hubUrl, issuer, secret } from "../../support/token.js";

export interface ChaosHubOptions {
  /** Further arguments of `pharos serve`, such as `--journal`. */
  readonly args: readonly string[];
  /** One option `--mongrel2` for each. @default none */
  readonly mongrel2?: readonly string[];
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly onEnd: OnEnd;
}

const within = 60_000;

/** A hub that comes back at the same addresses whenever it was ended. */
export class ChaosHub {
  readonly port: number;
  readonly ingest: string;
  readonly #options: HubOptions;
  #process: HubProcess | undefined;
  /** Processes that ended although nobody had asked them to. */
  readonly broken: string[] = [];

  private constructor(options: HubOptions, addresses: { readonly port: number; readonly ingest: string }) {
    this.#options = options;
    this.port = addresses.port;
    this.ingest = addresses.ingest;
  }

  static async start({ args, mongrel2, entry, onEnd }: ChaosHubOptions): Promise<ChaosHub> {
    const scratch = await mkdtemp(join(tmpdir(), "pharos-chaos-"));
    onEnd(() => rm(scratch, { recursive: true, force: true }));
    const port = await freePort();
    const ingest = `ipc://${join(scratch, "ingest")}`;
    const hub = new ChaosHub(
      {
        scratch,
        http: `127.0.0.1:${port}`,
        ingest: [`@${ingest}`],
        env: { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret },
        args: ["--push-stream", "--heartbeat", "2", "--retry", "300", ...args],
        ...(entry === undefined ? {} : { entry }),
        ...(mongrel2 === undefined ? {} : { mongrel2 }),
        onEnd,
      },
      { port, ingest },
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
    this.#process?.signal("SIGSTOP");
    await delay(ms);
    this.#process?.signal("SIGCONT");
  }

  /** Notes if the process has ended by itself. */
  look(): void {
    const { exit, stderr = "" } = this.#process ?? {};
    if (exit !== undefined)
      this.broken.push(`the hub ended by itself with ${exit.code ?? exit.signal}: ${stderr.slice(-500)}`);
  }
}
