import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "../free-port.js";
import { root } from "../ipc.js";
import { waitFor } from "../wait-for.js";

const folder = join(root, "deploy", "prometheus");

/** One series of the result of a query. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule as Prometheus reports it. */
export interface LoadedRule {
  readonly name: string;
  readonly query: string;
  /** `ok` if the last evaluation worked. */
  readonly health: string;
  readonly lastError?: string;
}

export interface PrometheusServer {
  /** The present value of each series. Throws the message of Prometheus if it cannot evaluate the query. */
  readonly query: (promql: string) => Promise<readonly QueriedSeries[]>;
  /** The alert rules of deploy/prometheus/alerts.yml. */
  readonly rules: () => Promise<readonly LoadedRule[]>;
}

/** The file deploy/prometheus/prometheus.yml, with other targets, another token file and a short interval. */
export async function configurationFor(options: {
  readonly targets: readonly string[];
  readonly tokenFile: string;
}): Promise<string> {
  const changes = [
    ["scrape_interval: 15s", "scrape_interval: 1s"],
    ["evaluation_interval: 15s", "evaluation_interval: 1s"],
    ["/etc/prometheus/pharos-token", options.tokenFile],
    ['"127.0.0.1:8081"', options.targets.map((target) => JSON.stringify(target)).join(", ")],
    ["- alerts.yml", `- ${join(folder, "alerts.yml")}`],
  ] as const;
  const text = withoutComments(await readFile(join(folder, "prometheus.yml"), "utf8"));
  return changes.reduce((result, [theirs, ours]) => replaceOnce(result, theirs, ours), text);
}

/** Starts Debian's Prometheus with the shipped configuration. Prometheus reads the targets every second. */
export async function startPrometheus(targets: readonly string[], token: string): Promise<PrometheusServer> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-prometheus-"));
  const port = await freePort();
  const tokenFile = join(dir, "token");
  await writeFile(tokenFile, token);
  await writeFile(join(dir, "prometheus.yml"), await configurationFor({ targets, tokenFile }));
  const flags = [
    `--config.file=${join(dir, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(dir, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  // The kernel ends Prometheus when this process dies.
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "prometheus", ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit");
    await rm(dir, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(() => isReady(url), { within: 60_000, missing: () => `Prometheus is not ready: ${log}` });
  return {
    query: async (promql) => {
      const { result } = await request<{ readonly result: readonly RawSeries[] }>(
        `${url}/api/v1/query?query=${encodeURIComponent(promql)}`,
      );
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    rules: async () => {
      const { groups } = await request<{ readonly groups: readonly { readonly rules: LoadedRule[] }[] }>(
        `${url}/api/v1/rules`,
      );
      return groups.flatMap(({ rules }) => rules);
    },
  };
}

interface RawSeries {
  readonly metric: QueriedSeries["metric"];
  readonly value: readonly [time: number, value: string];
}

async function request<Data>(url: string): Promise<Data> {
  const answer = (await (await fetch(url)).json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data: Data;
  };
  if (answer.status !== "success") throw new Error(`${decodeURIComponent(url)}: ${answer.error}`);
  return answer.data;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}

function withoutComments(text: string): string {
  return text.replaceAll(/^ *#.*\n/gm, "");
}

function replaceOnce(text: string, theirs: string, ours: string): string {
  const parts = text.split(theirs);
  if (parts.length !== 2) throw new Error(`deploy/prometheus/prometheus.yml is to have ${theirs} once`);
  return parts.join(ours);
}
