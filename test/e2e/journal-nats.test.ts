import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { spawnHub, startHub, type HubProcess } from "../support/hub-process.js";
import { startNatsServer, type NatsServer } from "../support/nats-server.js";
import { newStreamName, operator } from "../journal/nats/nats-site.js";
import { hubUrl, issuer, secret, signCurrent } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;
let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer({ onEnd: afterAll });
});

async function startNode(
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<HubProcess> {
  // A hub that starts again must get its port back.
  const http = `127.0.0.1:${await freePort()}`;
  return startHub({
    http,
    args: ["--open=on", "--journal", `nats://${server.address}/${name}`, ...args],
    env,
  });
}

async function publish(
  hub: HubProcess,
  data: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly id: string }> {
  const response = await fetch(`${hub.httpUrl}/publish/news`, { method: "POST", body: data, headers });
  const { id = "" } = (await response.json()) as { readonly id?: string };
  return { status: response.status, id };
}

/** An event stream that records the data of each event, or the name of an event that has one. */
class Stream {
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  readonly told: string[] = [];
  lastId = "";
  isOpen = false;

  constructor(hub: HubProcess, lastId?: string) {
    const headers: Record<string, string> = lastId === undefined ? {} : { "Last-Event-ID": lastId };
    this.#done = this.#read(`${hub.httpUrl}/esupdates?topic=news`, headers).catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async until(data: string): Promise<void> {
    const missing = () => `${data} is missing in ${this.told.join(", ")}`;
    await waitFor(() => this.told.includes(data), { within, missing });
  }

  async opened(): Promise<this> {
    await waitFor(() => this.isOpen, { within, missing: "the stream is not open" });
    return this;
  }

  async #read(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(url, { headers, signal: this.#abort.signal });
    this.isOpen = response.ok;
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString("utf8");
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split("\n").map((line) => [line.split(": ", 1)[0], line.split(": ").slice(1).join(": ")]),
    );
    const id = fields.get("id");
    if (id !== undefined) this.lastId = id;
    const event = fields.get("event");
    const data = fields.get("data");
    if (data !== undefined) this.told.push(event === undefined ? data : event);
  }
}

test("an event published at one hub reaches the clients of the other, with one id", async () => {
  const name = newStreamName();
  const [a, b] = [await startNode(name), await startNode(name)];
  const [atA, atB] = [await new Stream(a).opened(), await new Stream(b).opened()];
  const { status, id } = await publish(a, "one");
  expect(status).toBe(200);
  await Promise.all([atA.until("one"), atB.until("one")]);
  expect([atA.lastId, atB.lastId]).toEqual([id, id]);
  await publish(b, "two");
  await Promise.all([atA.until("two"), atB.until("two")]);
  expect(atA.lastId).toBe(atB.lastId);
  await Promise.all([atA.end(), atB.end()]);
});

test.each([[], ["--opaque-ids"]])(
  "a client of a hub that is killed resumes at the other without a gap, and again after a restart: %s",
  async (...args) => {
    const name = newStreamName();
    const [a, b] = [await startNode(name, args), await startNode(name, args)];
    const stream = await new Stream(a).opened();
    await publish(a, "one");
    await stream.until("one");
    await a.kill();
    await stream.end();
    await publish(b, "two");
    const resumed = new Stream(b, stream.lastId);
    await resumed.until("two");
    expect(resumed.told).toEqual(["two"]);
    await resumed.end();

    const again = await startNode(name, args);
    await publish(b, "three");
    const atLast = new Stream(again, stream.lastId);
    await atLast.until("three");
    expect(atLast.told).toEqual(["two", "three"]);
    await atLast.end();
  },
);

test("what one hub deletes is gone at the other, also for a hub that starts later", async () => {
  const name = newStreamName();
  const [a, b] = [await startNode(name), await startNode(name)];
  const first = await publish(a, "one");
  const second = await publish(a, "two", { Retain: "true" });
  const atB = await new Stream(b).opened();
  await atB.until("two");
  const remove = async (hub: HubProcess, id: string): Promise<unknown> => {
    const response = await fetch(`${hub.httpUrl}/publish/news`, {
      method: "DELETE",
      headers: { "Event-ID": id },
    });
    return response.json();
  };
  expect(await remove(b, second.id)).toMatchObject({ deleted: 1, retained: true });
  expect(await remove(a, second.id)).toMatchObject({ title: "not-found" });
  await publish(b, "three");
  for (const hub of [a, b, await startNode(name)]) {
    const resumed = new Stream(hub, first.id);
    await resumed.until("three");
    expect(resumed.told).toEqual(["pharos-gap", "three"]);
    await resumed.end();
  }
  await atB.until("three");
  expect(atB.told).toEqual(["two", "three"]);
  await atB.end();
});

test("a publication with a ttl ends at all hubs, without a gap", async () => {
  const name = newStreamName();
  const [a, b] = [await startNode(name), await startNode(name)];
  const first = await publish(a, "one");
  await publish(b, "short", { "Event-TTL": "1", Retain: "true" });
  await publish(a, "two");
  const stored = async (hub: HubProcess): Promise<unknown> => {
    const response = await fetch(`${hub.httpUrl}/history/news`);
    return ((await response.json()) as { events: readonly { data: string }[] }).events.map(
      ({ data }) => data,
    );
  };
  for (const hub of [a, b, await startNode(name)]) {
    await waitFor(async () => JSON.stringify(await stored(hub)) === '["one","two"]', {
      missing: "the end of the ttl",
      within: 30_000,
    });
    const resumed = new Stream(hub, first.id);
    await resumed.until("two");
    expect(resumed.told).toEqual(["two"]);
    await resumed.end();
  }
});

test("what operators do at one hub holds at the other, also for a hub that starts later", async () => {
  const name = newStreamName();
  const start = (): Promise<HubProcess> =>
    startNode(name, [`--public-url=${hubUrl}`, `--token-issuer=${issuer}`], { PHAROS_TOKEN_SECRET: secret });
  const [a, b] = [await start(), await start()];
  const tokenOf = (sub: string, jti: string): Promise<string> => signCurrent({ claims: { sub, jti } });
  const manage = async (hub: HubProcess, path: string, fields: object): Promise<unknown> => {
    const response = await fetch(`${hub.httpUrl}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
    });
    return response.json();
  };
  const open = async (hub: HubProcess, token: string): Promise<Response> =>
    fetch(`${hub.httpUrl}/esupdates?topic=news`, { headers: { Authorization: `Bearer ${token}` } });
  const token = await tokenOf("ada", "first");
  const [ada, bob] = [await open(b, token), await open(b, await tokenOf("bob", "second"))];
  // The stream is at the other hub.
  expect(await manage(a, "/disconnect", { subject: "ada" })).toEqual({ subject: "ada", ended: 0 });
  await ada.text();
  const again = await open(b, token);
  expect(again.status).toBe(200);
  expect(await manage(a, "/revoke", { jti: "first" })).toMatchObject({ jti: "first", ended: 0 });
  await again.text();
  for (const hub of [a, b, await start()]) expect((await open(hub, token)).status).toBe(401);
  const others = await open(await start(), await tokenOf("ada", "third"));
  expect(others.status).toBe(200);
  expect(await manage(b, "/disconnect", { subject: "bob" })).toEqual({ subject: "bob", ended: 1 });
  await bob.text();
  await others.body?.cancel();
});

test("a repeated Idempotency-Key gets the first answer at the other hub", async () => {
  const name = newStreamName();
  const [a, b] = [await startNode(name), await startNode(name)];
  const headers = { "Idempotency-Key": "once" };
  const [first, second] = await Promise.all([publish(a, "x", headers), publish(b, "x", headers)]);
  const third = await publish(b, "x", headers);
  expect([second, third]).toEqual([first, first]);
  expect(first.status).toBe(200);
});

test("while NATS is gone, publishers get 503, streams go on, and all heals", async () => {
  const own = await startNatsServer();
  const hub = await startHub({ args: ["--open=on", "--journal", `nats://${own.address}/hub`] });
  const stream = await new Stream(hub).opened();
  await publish(hub, "before");
  await stream.until("before");
  await own.kill();
  await waitFor(async () => (await publish(hub, "lost")).status === 503, {
    within,
    missing: "the status 503",
  });
  const health = await fetch(`${hub.httpUrl}/healthz`);
  expect([health.status, ((await health.json()) as { readonly status: string }).status]).toEqual([
    200,
    "degraded",
  ]);
  await own.start();
  await waitFor(async () => (await publish(hub, "after")).status === 200, {
    within,
    missing: "the status 200",
  });
  await stream.until("after");
  expect(stream.told.filter((data) => data !== "lost")).toEqual(["before", "after"]);
  await stream.end();
});

test("a hub that starts before NATS is ready as soon as NATS is there", async () => {
  const late = await startNatsServer();
  await late.kill();
  const starting = startHub({ args: ["--open=on", "--journal", `nats://${late.address}/hub`] });
  await late.start();
  const hub = await starting;
  expect((await publish(hub, "one")).status).toBe(200);
});

// The hub ignored the signal until NATS was there.
test("a hub that waits for NATS at its start ends at SIGTERM", async () => {
  const args = ["--journal", `nats://127.0.0.1:${await freePort()}/hub`];
  const hub = await spawnHub({ args });
  await hub.waitForLog(/NATS does not respond/, { within });
  hub.signal("SIGTERM");
  expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
});

// Nothing answered until NATS was there.
test("a hub that waits for NATS at its start answers probes and shows metrics at its admin address, and serves nobody", async () => {
  const late = await startNatsServer();
  await late.kill();
  const [http, adminPort] = [await freePort(), await freePort()];
  const hub = await spawnHub({
    http: `127.0.0.1:${http}`,
    admin: String(adminPort),
    args: ["--journal", `nats://${late.address}/hub`, "--workers", "1"],
  });
  await hub.waitForLog(/NATS does not respond/, { within });
  const admin = async (path: string): Promise<readonly [status: number, text: string]> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}${path}`);
    return [response.status, await response.text()];
  };
  expect(await admin("/livez")).toEqual([200, '{"status":"ok"}\n']);
  expect(await admin("/readyz")).toEqual([
    503,
    '{"status":"starting","reason":"the hub waits for its journal"}\n',
  ]);
  const [, metrics] = await admin("/metrics");
  expect(metrics).toContain('pharos_journal_state{state="unreachable"} 1\n');
  expect(metrics).toMatch(/^pharos_build_info\{/m);
  expect(metrics).toMatch(/^process_resident_memory_bytes \d/m);
  expect(JSON.parse((await admin("/stats"))[1])).toMatchObject({ links: [], nodes: [], workers: [] });
  await expect(fetch(`http://127.0.0.1:${http}/livez`)).rejects.toThrow("fetch failed");
  expect(hub.ready.size).toBe(0);

  await late.start();
  await hub.waitForReady({ within });
  expect(await admin("/readyz")).toEqual([200, '{"status":"ok"}\n']);
  expect((await admin("/metrics"))[1]).toContain('pharos_journal_state{state="up"} 1\n');
  expect(JSON.parse((await admin("/stats"))[1])).toMatchObject({ nodes: [{}], workers: [{ state: "up" }] });
  expect((await fetch(`http://127.0.0.1:${http}/livez`)).status).toBe(200);
});

test("a hub that loads its journal when NATS stops responding goes on later, or ends at SIGTERM", async () => {
  const own = await startNatsServer();
  const args = ["--open=on", "--journal", `nats://${own.address}/hub`];
  const first = await startHub({ args });
  await publish(first, "one");
  await first.stop();
  const [goesOn, ends] = [await spawnHub({ args }), await spawnHub({ args })];
  // Wherever the start is: it waits.
  own.pause();
  await Promise.all([goesOn, ends].map((hub) => hub.waitForLog(/not respond|stores nothing/, { within })));
  ends.signal("SIGTERM");
  expect(await ends.waitForExit({ within })).toEqual({ code: 0, signal: null });
  own.resume();
  await goesOn.waitForReady({ within });
  await waitFor(async () => (await publish(goesOn, "two")).status === 200, {
    within,
    missing: "the status 200",
  });
});

test("a record of a newer version ends the hubs, and each of them again at its start, with a sentence", async () => {
  const name = newStreamName();
  const hub = await startNode(name);
  const connection = await connect({ servers: server.address });
  onTestFinished(() => connection.close());
  connection.publish(`pharos.journal.${name}`, '{"format":99,"run":"a","n":1,"atMs":1,"version":"3.4.5"}\n');
  await connection.flush();
  const args = ["--journal", `nats://${server.address}/${name}`];
  for (const each of [hub, await spawnHub({ args })]) {
    expect(await each.waitForExit({ within })).toEqual({ code: 1, signal: null });
    expect(each.stderr).toMatch(/pharos: the journal has format 99, which Pharos 3\.4\.5 wrote/);
  }
});

test("if the stream is deleted, clients of all hubs are told a gap, and no event id is used twice", async () => {
  const name = newStreamName();
  const [a, b] = [await startNode(name), await startNode(name)];
  const [atA, atB] = [await new Stream(a).opened(), await new Stream(b).opened()];
  const before: string[] = [];
  for (const data of ["one", "two", "three"]) before.push((await publish(a, data)).id);
  await Promise.all([atA.until("three"), atB.until("three")]);
  const { streams } = await operator([server.address]);
  await streams.delete(name);
  const urls = [a.httpUrl, b.httpUrl];
  const lastIds = [atA.lastId, atB.lastId];
  const healthy = async (url: string) => {
    const response = await fetch(`${url}/publish/news`, { method: "POST", body: "after" }).catch(
      () => undefined,
    );
    return response?.status === 200;
  };
  for (const url of urls)
    await waitFor(() => healthy(url), { within, everyMs: 200, missing: "the status 200" });
  for (const [index, hub] of [a, b].entries()) {
    const resumed = new Stream(hub, lastIds[index]);
    await resumed.until("after");
    expect(resumed.told[0]).toBe("pharos-gap");
    expect(before).not.toContain(resumed.lastId);
    await resumed.end();
  }
  await Promise.all([atA.end(), atB.end()]);
});
