import { describe, expect, it, onTestFinished } from "vitest";
import { killFronts, killsRun } from "../chaos/run/kills-run.js";
import { restoredCopy } from "../chaos/run/restored-copy.js";
import { Ends } from "../chaos/site/ends.js";
import { judge } from "../chaos/verdict/judge.js";
import { startHub } from "../support/hub-process.js";
import type { HubOptions, HubProcess } from "../support/hub-process.js";
import { hubUrl, issuer, secret, signCurrent } from "../support/token.js";
import { again } from "../support/mongrel2-hub.js";

const onDisk = ["--open", "--journal", "disk:journal"];

interface Publishing {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Publishes, and returns the event id. */
async function publish(hub: HubProcess, topic: string, { headers = {}, body }: Publishing): Promise<string> {
  const response = await fetch(`${hub.httpUrl}/publish/${topic}`, { method: "POST", headers, body });
  expect(response.status).toBe(200);
  return ((await response.json()) as { readonly id: string }).id;
}

interface Poll {
  readonly position: string;
  readonly events: readonly (Readonly<Record<string, unknown>> & { readonly kind: string })[];
}

/** The answer to a poll from this id, or to a first poll. */
async function poll(hub: HubProcess, topic: string, id?: string): Promise<Poll> {
  const from = id === undefined ? "" : `&last_event_id=${encodeURIComponent(id)}`;
  const response = await fetch(`${hub.httpUrl}/poll?topic=${encodeURIComponent(topic)}&wait=5${from}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Poll;
}

async function kill(hub: HubProcess, options: HubOptions): Promise<HubProcess> {
  await hub.kill();
  return startHub({ ...options, ...again(hub) });
}

describe("a hub with a journal on disk, killed and started again", () => {
  const options = { args: onDisk };

  it("has its history, under the same ids, and numbers new publications differently", async () => {
    const hub = await startHub(options);
    const first = await publish(hub, "a", { body: "one" });
    const second = await publish(hub, "a", { body: "two" });
    const next = await kill(hub, options);
    const third = await publish(next, "a", { body: "three" });
    const { events } = await poll(next, "a", first);
    expect(events.map(({ kind, id, data }) => [kind, id, data])).toEqual([
      ["event", second, "two"],
      ["event", third, "three"],
    ]);
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it("has the retained values", async () => {
    const hub = await startHub(options);
    await publish(hub, "kept", { headers: { Retain: "true" }, body: "old" });
    await publish(hub, "kept", { headers: { Retain: "true" }, body: "new" });
    const next = await kill(hub, options);
    const { events } = await poll(next, "kept");
    expect(events).toMatchObject([{ data: "new", retained: true }]);
  });

  it("knows the ids of publishers", async () => {
    const hub = await startHub(options);
    await publish(hub, "a", { headers: { "Event-ID": "mine-1" }, body: "one" });
    await publish(hub, "a", { headers: { "Event-ID": "mine-2" }, body: "two" });
    const next = await kill(hub, options);
    const { events } = await poll(next, "a", "mine-1");
    expect(events).toMatchObject([{ kind: "event", id: "mine-2", data: "two" }]);
  });

  it("answers a repeated request as before, and publishes nothing again", async () => {
    const hub = await startHub(options);
    const begin = await publish(hub, "a", { body: "begin" });
    const paid = { headers: { "Idempotency-Key": "order 17" }, body: "paid" };
    const first = await publish(hub, "a", paid);
    const next = await kill(hub, options);
    expect(await publish(next, "a", paid)).toBe(first);
    await publish(next, "a", { body: "end" });
    const { events } = await poll(next, "a", begin);
    expect(events.map(({ data }) => data)).toEqual(["paid", "end"]);
  });

  it("knows the position of a poll", async () => {
    const hub = await startHub(options);
    await publish(hub, "a", { body: "one" });
    const { position, events } = await poll(hub, "a", "earliest");
    expect(events).toMatchObject([{ data: "one" }]);
    const next = await kill(hub, options);
    await publish(next, "a", { body: "two" });
    expect((await poll(next, "a", position)).events).toMatchObject([{ kind: "event", data: "two" }]);
  });

  it("knows encrypted ids", async () => {
    const opaque = { args: [...onDisk, "--opaque-ids"] };
    const hub = await startHub(opaque);
    const first = await publish(hub, "a", { body: "one" });
    const second = await publish(hub, "a", { body: "two" });
    const next = await kill(hub, opaque);
    const { events } = await poll(next, "a", first);
    expect(events).toMatchObject([{ kind: "event", id: second, data: "two" }]);
  });

  it("knows the time and the tag of a push stream, and counts the messages on", async () => {
    const pushStream = { args: [...onDisk, "--push-stream"] };
    const hub = await startHub(pushStream);
    await publish(hub, "a", { body: "one" });
    const longPoll = async (hub: HubProcess, query: string): Promise<readonly Record<string, unknown>[]> => {
      const response = await fetch(`${hub.httpUrl}/lp/a?${query}`);
      expect(response.headers.get("x-pharos-gap")).toBeNull();
      const lines = (await response.text()).split("\r\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const [one = {}] = await longPoll(hub, `time=${encodeURIComponent("Thu, 01 Jan 1970 00:00:00 GMT")}`);
    expect(one).toMatchObject({ id: 1, text: "one" });
    const next = await kill(hub, pushStream);
    await publish(next, "a", { body: "two" });
    const from = new URLSearchParams({ time: String(one["time"]), tag: String(one["tag"]) });
    expect(await longPoll(next, from.toString())).toMatchObject([{ id: 2, text: "two" }]);
  });

  it.each(["a kill", "a stop"])("has nothing of what was deleted before %s", async (end) => {
    const hub = await startHub(options);
    const first = await publish(hub, "a", { body: "one" });
    const second = await publish(hub, "a", { headers: { "Event-ID": "mine" }, body: "two" });
    await publish(hub, "a", { headers: { Retain: "true" }, body: "three" });
    await publish(hub, "b", { headers: { Retain: "true" }, body: "kept" });
    for (const path of [`a?id=${second}`, "c", "b"])
      await fetch(`${hub.httpUrl}/publish/${path}`, { method: "DELETE" });
    if (end !== "a kill") await hub.stop();
    const next = await (end === "a kill" ? kill(hub, options) : startHub({ ...options, ...again(hub) }));
    expect((await poll(next, "a", first)).events).toMatchObject([
      { kind: "gap", reason: "deleted", topics: [{ topic: "a" }], more: false },
      { kind: "event", data: "three" },
    ]);
    expect((await poll(next, "a", second)).events).toMatchObject([{ kind: "event", data: "three" }]);
    await publish(next, "b", { body: "new" });
    expect((await poll(next, "b", first)).events).toMatchObject([
      { kind: "gap", reason: "deleted", topics: [{ topic: "b" }] },
      { kind: "event", data: "new" },
    ]);
    const response = await fetch(`${next.httpUrl}/publish/a`, { method: "DELETE" });
    expect(await response.json()).toMatchObject({ topic: "a", deleted: 2, retained: true });
  });

  it("has nothing of what has expired, also if the time ends while the hub is stopped", async () => {
    const hub = await startHub(options);
    const first = await publish(hub, "a", { body: "one" });
    await publish(hub, "a", { headers: { "Event-TTL": "1", Retain: "true" }, body: "short" });
    await publish(hub, "a", { headers: { "Event-TTL": "3600" }, body: "long" });
    await hub.stop();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const next = await startHub({ ...options, ...again(hub) });
    expect((await poll(next, "a", first)).events).toMatchObject([{ kind: "event", data: "long" }]);
    const response = await fetch(`${next.httpUrl}/poll?wait=0&topic=a`);
    expect(await response.json()).toMatchObject({ events: [] });
  });

  it.each(["a kill", "a stop"])("refuses a token that was revoked before %s", async (end) => {
    const args = [...onDisk, `--public-url=${hubUrl}`, `--token-issuer=${issuer}`];
    const secured = { args, env: { PHAROS_TOKEN_SECRET: secret } };
    const hub = await startHub(secured);
    const [token, other] = await Promise.all(["a", "b"].map((jti) => signCurrent({ claims: { jti } })));
    const statusOf = async (at: HubProcess, credentials = ""): Promise<number> => {
      const headers = { Authorization: `Bearer ${credentials}` };
      return (await fetch(`${at.httpUrl}/poll?wait=0`, { headers })).status;
    };
    expect([await statusOf(hub, token), await statusOf(hub, other)]).toEqual([200, 200]);
    const revoked = await fetch(`${hub.httpUrl}/revoke`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jti: "a" }),
    });
    expect(revoked.status).toBe(200);
    if (end !== "a kill") await hub.stop();
    const next = await (end === "a kill" ? kill(hub, secured) : startHub({ ...secured, ...again(hub) }));
    expect([await statusOf(next, token), await statusOf(next, other)]).toEqual([401, 200]);
  });

  it("reports a gap to a client that was ahead of a restored copy, and gives no id again", async () => {
    const { lost, fresh, resumed } = await restoredCopy({});
    expect(fresh.filter((id) => lost.includes(id))).toEqual([]);
    // After a gap, a client gets all stored events.
    expect(resumed).toEqual(["other-epoch", "kept", "fresh 1", "fresh 2", "fresh 3"]);
  });
});

describe.each(killFronts)("a hub with a journal on disk, killed under publications (%s)", (front) => {
  it("loses and repeats nothing for clients of all transports", async () => {
    const ends = new Ends();
    onTestFinished(() => ends.run());
    const load = { kills: 2, subscribers: 9, perSecond: 250, perLife: 100 };
    const { history } = await killsRun({ front, seed: 1, ...load, ends });
    expect(judge(history, { allowsInterruptions: false }).findings).toEqual([]);
  });
});
