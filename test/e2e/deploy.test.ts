import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { settings } from "../../src/config/settings.js";
import { root } from "../support/ipc.js";
import { spawnHub, startHub } from "../support/hub-process.js";
import { deployFile } from "../support/proxies/deploy-file.js";

const execute = promisify(execFile);
const deploy = join(root, "deploy");

/** Seconds between the end of all streams and the end of the process: the journal writes what it has. */
const leastReserveSeconds = 10;

/** The default of a setting of `pharos serve`, such as `drain`. */
function defaultOf(option: string): number {
  const setting = settings.find((setting) => setting.option === option);
  expect(setting?.byDefault, `--${option} has a number as its default`).toMatch(/^\d+$/);
  return Number(setting?.byDefault);
}

/** The longest time that a hub with these variables needs for its streams, in seconds. */
function stopSeconds(variables: Readonly<Record<string, string | undefined>> = {}): number {
  const drain = Number(variables["PHAROS_DRAIN"] ?? defaultOf("drain"));
  return drain + Number(variables["PHAROS_CLOSE_OVER"] ?? defaultOf("close-over"));
}

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-deploy-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Deployment extends Resource {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly image: string;
          readonly envFrom: readonly Readonly<Record<string, { readonly name: string } | undefined>>[];
          readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
          readonly livenessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
}

async function kustomized(): Promise<readonly Resource[]> {
  const { stdout } = await execute("kubectl", ["kustomize", join(deploy, "kubernetes")]);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Resource);
}

async function deployment(): Promise<{ readonly all: readonly Resource[]; readonly deployment: Deployment }> {
  const all = await kustomized();
  return { all, deployment: all.find(({ kind }) => kind === "Deployment") as Deployment };
}

/** A class of the package `kubernetes-models`. It checks its argument against the schema of Kubernetes. */
type Model = new (data: Resource) => { validate: () => void };

async function modelOf({ apiVersion, kind }: Resource): Promise<Model> {
  const module = (await import(/* @vite-ignore */ `kubernetes-models/${apiVersion}`)) as Readonly<
    Record<string, Model>
  >;
  const model = module[kind];
  if (model === undefined) throw new Error(`${apiVersion} has no ${kind}`);
  return model;
}

describe("deploy/kubernetes", () => {
  it("has only resources that agree with the schemas of Kubernetes", async () => {
    const all = await kustomized();
    const kinds = all.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(["ConfigMap", "Deployment", "PodDisruptionBudget", "Secret", "Service"]);
    for (const resource of all) {
      const Model = await modelOf(resource);
      expect(() => new Model(resource).validate()).not.toThrow();
    }
    const { deployment: wrong } = await deployment();
    const Model = await modelOf(wrong);
    expect(() => new Model({ ...wrong, spec: { replicas: "2" } } as unknown as Resource).validate()).toThrow(
      "spec",
    );
  });

  it("gives a pod more time than the hub needs to drain and to close its streams", async () => {
    const { all, deployment: found } = await deployment();
    const map = all.find(({ kind }) => kind === "ConfigMap");
    const least = stopSeconds(map?.data) + leastReserveSeconds;
    expect(found.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(least);
  });

  it("sets only variables that the hub knows, and starts no hub with the secrets of the example", async () => {
    const all = await kustomized();
    const map = all.find(({ kind }) => kind === "ConfigMap");
    const secret = all.find(({ kind }) => kind === "Secret");
    const secrets = Object.entries(secret?.data ?? {}).map(
      ([name, text]) => [name, Buffer.from(text, "base64").toString()] as const,
    );
    // The tests have no NATS under this name.
    const env = { ...map?.data, PHAROS_JOURNAL: "memory" };
    const refused = await spawnHub({ env: { ...env, ...Object.fromEntries(secrets) } });
    expect(await refused.waitForExit({ within: 60_000 })).toEqual({ code: 2, signal: null });
    expect(refused.stderr).toContain("PHAROS_TOKEN_SECRET");
    const changed = Object.fromEntries(secrets.map(([name]) => [name, "0123456789abcdef".repeat(4)]));
    const hub = await startHub({ env: { ...env, ...changed } });
    expect(hub.stderr).not.toContain("unknown variables");
  });

  it("names the settings and secrets that it generates, and probes a port of the container", async () => {
    const { all, deployment: found } = await deployment();
    const [container] = found.spec.template.spec.containers;
    const used = container?.envFrom.flatMap((source) => Object.values(source).map((ref) => ref?.name));
    const generated = all.filter(({ kind }) => ["ConfigMap", "Secret"].includes(kind));
    expect(used?.toSorted()).toEqual(generated.map(({ metadata }) => metadata.name).toSorted());
    expect(container?.image).toBe("registry.example.org/pharos:0.1.0");
    const probes = [container?.livenessProbe.httpGet, container?.readinessProbe.httpGet];
    expect(probes).toEqual([
      { path: "/livez", port: "http" },
      { path: "/readyz", port: "http" },
    ]);
    expect(container?.ports).toContainEqual({ name: "http", containerPort: 8080 });
  });
});

interface Service {
  readonly stop_grace_period?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly (string | { readonly source: string })[];
}

describe("deploy/compose.yaml", () => {
  it("is accepted by docker-compose, mounts files that exist, and gives the hub time to stop", async () => {
    const { stdout } = await execute("docker-compose", ["-f", join(deploy, "compose.yaml"), "config"]);
    const { services } = parse(stdout) as { readonly services: Readonly<Record<string, Service>> };
    expect(Object.keys(services).toSorted()).toEqual(["hub", "nats", "nginx", "prometheus"]);
    const mounted = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes.map((volume) => sourceOf(volume)))
      .filter((source) => source.startsWith("/"));
    expect(mounted.length).toBeGreaterThan(2);
    for (const file of mounted) expect(deployFile(file.slice(deploy.length + 1))).not.toBe("");
    const grace = Number(/^(\d+)s$/.exec(services["hub"]?.stop_grace_period ?? "")?.[1]);
    expect(grace).toBeGreaterThanOrEqual(stopSeconds(services["hub"]?.environment) + leastReserveSeconds);
  });

  it("has the lines of deploy/nginx/nginx.conf in its own nginx.conf", () => {
    const block = /^ {4}location \/ \{[^]*/m;
    expect(block.exec(deployFile("compose/nginx.conf"))?.[0]).toBe(
      block.exec(deployFile("nginx/nginx.conf"))?.[0],
    );
  });
});

function sourceOf(volume: string | { readonly source: string }): string {
  return typeof volume === "string" ? (volume.split(":")[0] ?? "") : volume.source;
}

/** The value of a key in a unit file. */
function unitValue(name: string): string {
  return new RegExp(`^${name}=(.*)$`, "m").exec(deployFile("systemd/pharos.service"))?.[1] ?? "";
}

describe("deploy/systemd", () => {
  it("has a unit that systemd accepts without a warning", async () => {
    const dir = await scratch();
    const unit = join(dir, "pharos.service");
    await mkdir(join(dir, "bin"));
    await cp("/bin/true", join(dir, "bin/pharos"));
    await writeFile(
      unit,
      deployFile("systemd/pharos.service").replace("ExecStart=pharos", `ExecStart=${dir}/bin/pharos`),
    );
    const { stdout, stderr } = await execute("systemd-analyze", ["verify", "--man=no", unit]);
    const lines = (stdout + stderr).split("\n").filter((line) => line.includes("pharos"));
    expect(lines).toEqual([]);
  });

  it("is hardened: its exposure is at most 2.0 of 10", async () => {
    const unit = join(deploy, "systemd/pharos.service");
    const { stdout } = await execute("systemd-analyze", [
      "security",
      "--offline=yes",
      "--threshold=20",
      unit,
    ]);
    expect(stdout).toMatch(/Overall exposure level for pharos.service: [01]\.\d OK/);
  });

  it("reloads by SIGHUP, accepts notifications of the hub's helper, and gives the hub time to stop", () => {
    expect(unitValue("ExecReload")).toBe("/bin/kill -HUP $MAINPID");
    expect(unitValue("Type")).toBe("notify");
    expect(unitValue("NotifyAccess")).toBe("all");
    expect(Number(unitValue("TimeoutStopSec"))).toBeGreaterThanOrEqual(stopSeconds() + leastReserveSeconds);
    const stopwait = /^stopwaitsecs=(\d+)$/m.exec(deployFile("supervisor/pharos.conf"))?.[1];
    expect(Number(stopwait)).toBeGreaterThanOrEqual(stopSeconds() + leastReserveSeconds);
  });

  it("has a settings file with which a hub starts", async () => {
    const dir = await scratch();
    const text = deployFile("systemd/pharos.json").replace("/var/lib/pharos", dir);
    expect(text).toContain(`disk:${dir}/journal`);
    const hub = await startHub({ config: JSON.parse(text) as Record<string, unknown> });
    expect((await fetch(`${hub.httpUrl}/healthz`)).status).toBe(200);
  });
});
