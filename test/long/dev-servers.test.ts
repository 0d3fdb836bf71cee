import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { devServers, startDevServer, type DevServer } from "../support/dev-servers/dev-server.js";
import { headersOf, openStream } from "../support/dev-servers/first-event.js";
import { freePort } from "../support/free-port.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { printFigures } from "../support/load/figures.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

// The servers of web developers pass requests to the hub, compress what they may, and have default settings otherwise.

const mostMs = 1000;
/** A stream that is held back fails after this time. */
const within = 10_000;

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-dev-servers-"));
  cpSync(new URL("dev-servers/", import.meta.url), folder, { recursive: true });
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await promisify(execFile)("npm", ["ci", ...options], { cwd: folder });
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const streams = [
  "/esupdates?topic=TOPIC",
  `${mercurePath}?topic=TOPIC`,
  "/ws?topic=TOPIC",
  "/poll?topic=TOPIC&last_event_id=POSITION",
  "/ev/TOPIC",
  "/sub/TOPIC",
  "/ws/TOPIC",
  "/lp/TOPIC",
  "/jsonp/TOPIC?callback=f",
];

interface Kind {
  readonly path: string;
  readonly hasToken: boolean;
  readonly acceptsGzip: boolean;
}

const kinds: readonly Kind[] = streams.flatMap((path) =>
  [false, true].flatMap((hasToken) => [false, true].map((acceptsGzip) => ({ path, hasToken, acceptsGzip }))),
);

interface Result {
  readonly name: string;
  readonly response: string;
  /** Milliseconds from the request to the first bytes; undefined for a poll. */
  readonly openedMs: number | undefined;
  /** Milliseconds from the publishing request to the arrival. */
  readonly eventMs: number;
}

const token = currentToken({ publish: ["*"], subscribe: ["*"] });

/** The number of clients in the hub, of one front or of all. The front `poll` counts the waiting polls. */
async function connections(hub: HubProcess, front = "[a-z0-9]+"): Promise<number> {
  const answer = await fetch(`${hub.ready.get("admin")?.[0] ?? ""}/metrics`);
  const line = new RegExp(`^pharos_connections\\{front="${front}"\\} (\\d+)$`, "gm");
  return [...(await answer.text()).matchAll(line)].reduce((total, [, count]) => total + Number(count), 0);
}

/** The number of streams of a topic. */
async function streamsOf(hub: HubProcess, topic: string): Promise<number> {
  const headers = { Authorization: `Bearer ${await token}` };
  const answer = await fetch(`${hub.httpUrl}/pub?id=${topic}`, { headers });
  return answer.ok ? ((await answer.json()) as { subscribers: number }).subscribers : 0;
}

async function publish(
  hub: HubProcess,
  topic: string,
  options: { readonly isPrivate: boolean },
): Promise<void> {
  const headers = {
    Authorization: `Bearer ${await token}`,
    ...(options.isPrivate ? { Private: "true" } : {}),
  };
  const answer = await fetch(`${hub.httpUrl}/publish/${topic}`, {
    method: "POST",
    headers,
    body: `${topic}-event`,
  });
  expect(answer.status).toBe(200);
}

/** The answer to a first poll has the position from which the next poll waits. */
async function positionOf(hub: HubProcess): Promise<string> {
  const answer = await fetch(`${hub.httpUrl}/poll?topic=any`);
  return encodeURIComponent(((await answer.json()) as { position: string }).position);
}

/** Follows a topic of its own through the server, and publishes one event. */
async function measure(hub: HubProcess, port: number, kind: Kind): Promise<Result> {
  const { path, hasToken, acceptsGzip } = kind;
  const topic = `dev-${kinds.indexOf(kind)}`;
  const headers = {
    ...headersOf(path, `http://localhost:${port}`),
    ...(hasToken ? { Authorization: `Bearer ${await token}` } : {}),
    ...(acceptsGzip ? { "Accept-Encoding": "gzip, deflate, br" } : {}),
  };
  const asked = path.replace("TOPIC", topic).replace("POSITION", await positionOf(hub));
  const startedAt = performance.now();
  const stream = openStream({ port, path: asked, headers, text: `${topic}-event` });
  const isPoll = /^\/(?:poll|lp|jsonp)/.test(path);
  const isSubscribed = async (): Promise<boolean> =>
    (isPoll ? await connections(hub, "poll") : await streamsOf(hub, topic)) > 0;
  const missing = `${path} is silent`;
  await waitFor(isSubscribed, { within, missing: `the hub has no subscriber for ${path}` });
  const opened = isPoll ? undefined : waitFor(() => stream.openedAt, { within, missing });
  await opened?.catch(() => undefined);
  const publishedAt = performance.now();
  await publish(hub, topic, { isPrivate: hasToken });
  await waitFor(() => stream.arrivedAt, { within, missing }).catch(() => undefined);
  stream.close();
  return {
    name: `${path.replace(/\?.*/, "")}${hasToken ? ", token" : ""}${acceptsGzip ? ", gzip" : ""}`,
    response: stream.response,
    openedMs: isPoll ? undefined : (stream.openedAt ?? Number.POSITIVE_INFINITY) - startedAt,
    eventMs: (stream.arrivedAt ?? Number.POSITIVE_INFINITY) - publishedAt,
  };
}

/** These servers replace the browser's `Host`, so the hub must know the origin of WebSockets. */
const changesHost: ReadonlySet<DevServer> = new Set(["next dev", "next start"]);

/** These servers keep their connection to the hub when a client leaves, so the hub cannot know that it left. */
const keepsClients: ReadonlySet<DevServer> = new Set(["webpack-dev-server"]);

async function untilAllGone(hub: HubProcess): Promise<void> {
  let left = 0;
  await waitFor(async () => (left = await connections(hub)) === 0, {
    within: 60_000,
    missing: () => `the hub still has ${left} clients`,
  });
}

it.each(devServers)("%s passes the first event of every stream within a second", async (name) => {
  const env = { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret };
  const port = await freePort();
  const args = [
    "--push-stream",
    ...(changesHost.has(name) ? ["--cors-origin", `http://localhost:${port}`] : []),
  ];
  const hub = await startHub({ args, admin: "127.0.0.1:0", env });
  await startDevServer(name, { folder, hub: hub.httpUrl, port });
  const results: Result[] = [];
  for (const kind of kinds) results.push(await measure(hub, port, kind));
  const lines = results.map(
    ({ name, response, openedMs, eventMs }) =>
      `${name}: ${response}, opened ${openedMs?.toFixed(0) ?? "–"} ms, event ${eventMs.toFixed(0)} ms`,
  );
  printFigures(`first events through ${name}`, lines);
  const late = lines.filter((_, index) => {
    const { openedMs = 0, eventMs = Number.NaN } = results[index] ?? {};
    return !(openedMs <= mostMs && eventMs <= mostMs);
  });
  expect(late).toEqual([]);
  if (!keepsClients.has(name)) await untilAllGone(hub);
});
