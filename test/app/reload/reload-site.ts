import { createApp } from "../../../src/app/app.js";
import type { App } from "../../../src/app/app-ports.js";
import { systemClock } from "../../../src/app/system-clock.js";
import type { Clock } from "../../../src/base/clock.js";
import type { LeveledLogger, LogFields } from "../../../src/base/log.js";
import { reloadHub } from "../../../src/cli/commands/serve/reload-hub.js";
import type { Config } from "../../../src/config/config.js";
import { loadConfig } from "../../../src/config/load.js";
import { atTestEnd } from "../../support/on-end.js";
import { connectRaw, type RawConnection } from "../../support/raw-http.js";
import { currentToken, hubUrl, issuer, secret } from "../../support/token.js";

/** Settings as environment variables. */
export type Variables = Readonly<Record<string, string>>;

/** The variables of every hub of these tests. */
const base: Variables = {
  PHAROS_HTTP: "127.0.0.1:0",
  PHAROS_ADMIN: "127.0.0.1:0",
  PHAROS_INGEST: "@tcp://127.0.0.1:*",
  PHAROS_STATE_DIR: "off",
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
  PHAROS_SUBSCRIPTIONS: "on",
};

/** A running hub whose variables can change, as after an edit of its files and a SIGHUP. */
export class ReloadSite {
  readonly app: App;
  /** The lines of the log, with the message in the field `msg`. */
  readonly lines: readonly LogFields[];
  readonly logger: LeveledLogger;
  readonly #clock: SkippingClock;
  #variables: Variables;

  private constructor({ app, log, clock, variables }: Parts) {
    this.app = app;
    this.lines = log.lines;
    this.logger = log;
    this.#clock = clock;
    this.#variables = variables;
  }

  static async start(variables: Variables = {}): Promise<ReloadSite> {
    const log = new CollectedLog();
    const clock = new SkippingClock();
    const config = load(variables);
    const app = await createApp(config, { logger: log, version: "0.0.0", clock });
    atTestEnd(() => app.close());
    return new ReloadSite({ app, log, clock, variables });
  }

  /** Loads the configuration again with these variables changed, as `pharos serve` does after SIGHUP. */
  reload(variables: Variables): Config | undefined {
    this.#variables = { ...this.#variables, ...variables };
    return reloadHub(this.app, { load: () => load(this.#variables), logger: this.logger });
  }

  get url(): string {
    return (this.app.ready.http ?? "").replace(/\/$/, "");
  }

  /** Moves the hub's time forward. */
  skip(ms: number): void {
    this.#clock.skip(ms);
  }

  /** The value of a metric, summed over its labels. */
  figure(name: string): number {
    return Object.entries(this.app.figures()).reduce(
      (sum, [key, value]) => (key === name || key.startsWith(`${name}{`) ? sum + value : sum),
      0,
    );
  }

  async status(path: string, init: RequestInit = {}): Promise<number> {
    const response = await fetch(`${this.url}${path}`, init);
    await response.arrayBuffer();
    return response.status;
  }

  /** Opens a stream that lives until the end of the test. */
  async open(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const ended = new AbortController();
    atTestEnd(() => ended.abort());
    return fetch(`${this.url}${path}`, { headers, signal: ended.signal });
  }

  /** A client that reads nothing. */
  async unread(path: string): Promise<RawConnection> {
    const client = await connectRaw({ port: Number(new URL(this.url).port) });
    client.pause();
    client.write(`GET ${path} HTTP/1.1\r\nHost: hub\r\n\r\n`);
    return client;
  }

  /** Publishes one event over HTTP with a token for all topics; resolves with the status. */
  async publish(topic: string, { data = "x", headers = {}, token = "" }: Published = {}): Promise<number> {
    const authorization = `Bearer ${token === "" ? await currentToken({ publish: ["*"] }) : token}`;
    const init = { method: "POST", headers: { authorization, ...headers }, body: data };
    return this.status(`/publish/${topic}`, init);
  }
}

interface Parts {
  readonly app: App;
  readonly log: CollectedLog;
  readonly clock: SkippingClock;
  readonly variables: Variables;
}

interface Published {
  readonly data?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default a token for all topics */
  readonly token?: string;
}

function load(variables: Variables): Config {
  return loadConfig({ environment: { ...base, ...variables } });
}

/** The machine's time, which can skip ahead. Periods are at most 20 ms, so that a check follows a skip soon. */
class SkippingClock implements Clock {
  #skippedMs = 0;

  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  now(): number {
    return systemClock.now() + this.#skippedMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#skippedMs;
  }

  after(delayMs: number, action: () => void): ReturnType<Clock["after"]> {
    return systemClock.after(delayMs, action);
  }

  every(periodMs: number, action: () => void): ReturnType<Clock["every"]> {
    return systemClock.every(Math.min(20, periodMs), action);
  }

  endOfTurn(action: () => void): void {
    systemClock.endOfTurn(action);
  }
}

class CollectedLog implements LeveledLogger {
  readonly lines: LogFields[] = [];
  level = "info";

  debug(): void {}

  info(fields: LogFields, msg: string): void {
    this.lines.push({ level: "info", ...fields, msg });
  }

  warn(fields: LogFields, msg: string): void {
    this.lines.push({ level: "warn", ...fields, msg });
  }

  error(fields: LogFields, msg: string): void {
    this.lines.push({ level: "error", ...fields, msg });
  }
}
