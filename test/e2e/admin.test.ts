import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { spawnHub, startHub, type HubProcess } from "../support/hub-process.js";
import { linkTo } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { parsePort } from "../support/parse-port.js";
import { connectPublisher } from "../support/publisher.js";
import { connectRaw } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

function adminUrl(hub: HubProcess): string {
  return hub.ready.get("admin")?.[0] ?? "";
}

async function takenPort(): Promise<number> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());
  return parsePort(other.address());
}

/**
 * Parses the text format: the value of each sample, by its name and labels. Throws for an invalid line [exposition
 * format 0.0.4].
 */
function parseMetrics(text: string): ReadonlyMap<string, number> {
  const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
  const line = new RegExp(
    String.raw`^([a-z_][a-z0-9_]*(?:\{${label}(?:,${label})*\})?) (-?[\d.e+-]+|NaN|[+-]Inf)$`,
  );
  const samples = text.split("\n").filter((each) => each !== "" && !/^# (?:HELP|TYPE) [a-z_]+ /.test(each));
  return new Map(
    samples.map((each) => {
      const [, name, value] = line.exec(each) ?? [];
      if (name === undefined) throw new Error(`no line of the text format: ${JSON.stringify(each)}`);
      return [name, Number(value)];
    }),
  );
}

describe("the admin address", () => {
  it("reports the activity of a hub and its links in changing figures", async () => {
    const server = await startMongrel2({ mode: "shipped" });
    onTestFinished(() => server.stop());
    const hub = await startHub({ admin: "0", mongrel2: [linkTo(server)] });
    const url = adminUrl(hub);
    expect(hub.stdout).toMatch(/ admin=http:\/\/127\.0\.0\.1:\d+\n$/);
    for (const port of [hub.httpPort, server.port]) {
      const client = await connectRaw({ port });
      client.write("GET /esupdates HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await client.readUntil("retry: ", { within });
    }
    const push = connectPublisher(hub.ingest);
    await push.send(["broadcast", "one"]);
    const scrape = async () => parseMetrics(await (await fetch(`${url}/metrics`)).text());
    const figures = await waitFor(
      async () => {
        const scraped = await scrape();
        const rounds = ["http", "mongrel2"].map((front) =>
          scraped.get(`pharos_rounds_total{front="${front}"}`),
        );
        const isOver =
          rounds.every((count) => count === 1) && scraped.get("pharos_oldest_pending_seconds") === 0;
        return isOver && scraped;
      },
      { within, missing: "the rounds of both fronts were not counted, or are not over" },
    );
    expect(Object.fromEntries(figures)).toMatchObject({
      pharos_publications_total: 1,
      pharos_duplicate_ids_total: 0,
      'pharos_connections{front="http"}': 1,
      'pharos_connections{front="mongrel2"}': 1,
      pharos_cohorts: 2,
      'pharos_deliveries_total{front="http"}': 1,
      'pharos_deliveries_total{front="mongrel2"}': 1,
      'pharos_round_publications_bucket{front="http",le="1"}': 1,
      'pharos_round_bytes_count{front="mongrel2"}': 1,
      'pharos_link_state{link="mongrel2-1",state="up"}': 1,
      'pharos_link_state{link="mongrel2-1",state="down"}': 0,
      'pharos_link_up{link="mongrel2-1"}': 1,
      pharos_oldest_pending_seconds: 0,
    });
    expect(figures.get('pharos_fence_duration_seconds_count{link="mongrel2-1"}')).toBeGreaterThan(0);
    expect(figures.get("process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(await (await fetch(`${url}/stats`)).json()).toMatchObject({
      links: [{ name: "mongrel2-1", state: "up", streams: 1 }],
      figures: {
        publications_total: 1,
        connections: [
          { front: "http", value: 1 },
          { front: "mongrel2", value: 1 },
          { front: "poll", value: 0 },
        ],
      },
    });
  });

  it("is not the address of clients, and serves no stream", async () => {
    const hub = await startHub({ admin: "0" });
    for (const path of ["/metrics", "/stats"]) expect((await fetch(hub.httpUrl + path)).status).toBe(404);
    expect((await fetch(`${adminUrl(hub)}/esupdates`)).status).toBe(404);
  });

  it("requires the token if one is set", async () => {
    const token = "0123456789abcdef0123456789abcdef";
    const hub = await startHub({ admin: "0.0.0.0:0", env: { PHAROS_ADMIN_TOKEN: token } });
    const url = adminUrl(hub).replace("0.0.0.0", "127.0.0.1");
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const headers = { Authorization: `Bearer ${token}`, Host: "metrics.example" };
    expect((await fetch(`${url}/metrics`, { headers })).status).toBe(200);
    expect(hub.stderr).not.toContain(token);
  });

  it("that other machines can reach is refused without a token, with advice", async () => {
    const hub = await spawnHub({ admin: "0.0.0.0:0" });
    expect(await hub.waitForExit({ within })).toEqual({ code: 2, signal: null });
    expect(hub.stderr).toMatch(
      /--admin: given "0\.0\.0\.0:0", allowed: a loopback address.*PHAROS_ADMIN_TOKEN/,
    );
  });

  it("that is set explicitly and in use ends the hub", async () => {
    const port = await takenPort();
    const hub = await spawnHub({ admin: String(port) });
    expect(await hub.waitForExit({ within })).toEqual({ code: 1, signal: null });
    expect(hub.stderr).toContain(`127.0.0.1:${port}`);
  });
});

/**
 * Starts a hub while another program, maybe a hub of another test, uses the default admin address. If the other program
 * ends at this moment, the new hub gets the address. The function then stops the new hub and tries again.
 */
async function startHubBesideAnother(): Promise<HubProcess> {
  const other = createServer();
  onTestFinished(() => void other.close());
  for (;;) {
    await new Promise<void>((resolve) => {
      other.once("error", () => resolve());
      if (other.listening) resolve();
      else other.listen(8081, "127.0.0.1", resolve);
    });
    const hub = await startHub({ admin: "default" });
    if (other.listening || !hub.ready.has("admin")) return hub;
    await hub.stop();
  }
}

describe("a hub with the default admin address", () => {
  it("starts without it when another program uses it", async () => {
    const hub = await startHubBesideAnother();
    expect(hub.ready.get("admin")).toBeUndefined();
    await hub.waitForLog(
      /another program uses the admin address; set another address with --admin, or --admin off/,
      {
        within,
      },
    );
  });
});
