import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../support/ipc.js";
import { adminToken, startMonitoredHub, type MonitoredHub } from "../support/prometheus/monitored-hub.js";
import {
  configurationFor,
  startPrometheus,
  type PrometheusServer,
} from "../support/prometheus/prometheus-server.js";
import { promtool } from "../support/prometheus/promtool.js";
import { shownQueries } from "../support/prometheus/shown-queries.js";
import { waitFor } from "../support/wait-for.js";

const folder = join(root, "deploy", "prometheus");
const within = 120_000;

test("the shipped configuration is valid", async () => {
  const dir = await mkdtemp(join(tmpdir(), "pharos-promtool-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const [tokenFile, file] = [join(dir, "token"), join(dir, "prometheus.yml")];
  await writeFile(tokenFile, adminToken);
  await writeFile(file, await configurationFor({ targets: ["127.0.0.1:8081"], tokenFile }));
  expect(await promtool(["check", "config", file])).toContain("SUCCESS");
});

test("the configuration for Compose is valid, with the alert rules", async () => {
  const dir = await mkdtemp(join(tmpdir(), "pharos-promtool-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const [tokenFile, file] = [join(dir, "admin-token"), join(dir, "prometheus.yml")];
  await writeFile(tokenFile, adminToken);
  await cp(join(folder, "alerts.yml"), join(dir, "alerts.yml"));
  const shipped = await readFile(join(root, "deploy", "compose", "prometheus.yml"), "utf8");
  await writeFile(file, shipped.replace("/run/secrets/admin-token", tokenFile));
  expect(await promtool(["check", "config", file])).toContain("1 rule files found");
});

test("the alert rules are valid, and fire when they should and not otherwise", async () => {
  expect(await promtool(["check", "rules", join(folder, "alerts.yml")])).toContain("SUCCESS");
  expect(await promtool(["test", "rules", join(folder, "alerts.test.yml")])).toContain("SUCCESS");
});

test("Prometheus reads hubs with and without workers, and every query of alerts and dashboard finds series", async () => {
  const hubs = [await startMonitoredHub(0), await startMonitoredHub(2)];
  const prometheus = await startPrometheus(
    hubs.map(({ target }) => target),
    adminToken,
  );
  const isOver = publishUntilEnd(hubs);
  const rules = await prometheus.rules();
  expect(rules.length).toBeGreaterThan(20);
  const selectors = new Set(rules.flatMap((rule) => selectorsOf(rule.query)));
  // These hubs have no certificates.
  selectors.delete("pharos_tls_certificate_expiry_timestamp_seconds");
  for (const selector of selectors) await untilFound(prometheus, selector);
  for (const { expr, labels } of shownQueries()) {
    const series = await untilFound(prometheus, expr);
    for (const { metric } of series) expect(Object.keys(metric)).toEqual(expect.arrayContaining([...labels]));
  }
  await waitFor(async () => (await prometheus.rules()).every(({ health }) => health !== "unknown"), {
    within,
    missing: "the first evaluation of each rule",
  });
  const evaluated = await prometheus.rules();
  expect(evaluated.filter(({ health }) => health !== "ok")).toEqual([]);
  expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  expect(await prometheus.query("sum(up)")).toMatchObject([{ value: hubs.length }]);
  await isOver();
});

/** Publishes all the time. The returned function ends this, and rejects if a publication failed. */
function publishUntilEnd(hubs: readonly MonitoredHub[]): () => Promise<void> {
  const run = { isOver: false };
  const published = Promise.all(
    hubs.map(async ({ publish }) => {
      while (!run.isOver) await publish();
    }),
  );
  published.catch(() => undefined);
  return async () => {
    run.isOver = true;
    await published;
  };
}

/** Waits until the query finds a number. Rejects at once if Prometheus cannot evaluate the query. */
async function untilFound(prometheus: PrometheusServer, expr: string) {
  let found = await prometheus.query(expr);
  const hasNumber = async (): Promise<boolean> => {
    found = await prometheus.query(expr);
    return found.some(({ value }) => Number.isFinite(value));
  };
  await waitFor(hasNumber, {
    within,
    missing: () => `a number for ${expr}, not ${JSON.stringify(found)}`,
  });
  return found;
}

/**
 * The metrics of a query, with their labels: an alert's own query finds nothing as long as all is well. Without the
 * condition on the status: these hubs answer no request with 5xx.
 */
function selectorsOf(expr: string): readonly string[] {
  const selectors = expr.matchAll(/\b(?:up|(?:pharos|process)_\w+)\b(?:\{[^}]*\})?/g);
  return [...selectors].map(([selector]) => selector.replace('{status=~"5.."}', ""));
}
