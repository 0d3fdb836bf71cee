import { describe, expect, it, onTestFinished } from "vitest";
import { createApp } from "../../../src/app/app.js";
import type { App } from "../../../src/app/app-ports.js";
import { loadConfig } from "../../../src/config/load.js";
import { silentLogger } from "../../../src/base/log.js";
import { type FakeMongrel2, startFakeMongrel2 } from "../../support/fake-mongrel2.js";
import { waitFor } from "../../support/wait-for.js";

const within = 20_000;
/**
 * The time-out of a test is longer than the deadlines of its steps, because the error of a step names the missing
 * condition.
 */
const limit = { timeout: 3 * within };
const sender = "54c6755b-9628-40a4-9a2d-cc82a816345e";

interface Bed {
  readonly server: FakeMongrel2;
  readonly app: App;
}

interface BedOptions {
  /** @default true */
  readonly flowControl?: boolean;
  /** Settings as environment variables. @default none */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a hub behind a fake Mongrel2. The fake server speaks Mongrel2's wire format, and can violate it. */
async function startBed(options: BedOptions = {}): Promise<Bed> {
  const server = await startFakeMongrel2({ flowControl: options.flowControl ?? true });
  const environment = {
    PHAROS_HTTP: "off",
    PHAROS_MONGREL2: `${server.sendSpec},${server.recvSpec}`,
    PHAROS_INGEST: "@tcp://127.0.0.1:*",
    PHAROS_STATE_DIR: "off",
    PHAROS_ADMIN: "off",
    ...options.settings,
  };
  const app = await createApp(loadConfig({ environment }), { logger: silentLogger, version: "0.0.0" });
  onTestFinished(() => app.close());
  await waitFor(() => app.ready.mongrel2[0]?.state === "up", { within, missing: "the link is not up" });
  // Wait for the first fence: if the server stops answering before the first fence, the hub sends no further messages.
  await server.changes.until(() => server.messages.length > 0, { within, missing: "no fence has come" });
  return { server, app };
}

async function untilBodies(server: FakeMongrel2, id: number, count: number): Promise<readonly string[]> {
  await server.changes.until(() => server.bodiesOf(id).length >= count, {
    within,
    missing: () => `connection ${id} has ${server.bodiesOf(id).length} messages, not ${count}`,
  });
  return server.bodiesOf(id);
}

async function untilClosed(server: FakeMongrel2, id: number): Promise<void> {
  await server.changes.until(() => !server.ids.has(id), { within, missing: `connection ${id} is open` });
}

describe("a request that cannot be read", limit, () => {
  it.each([
    { what: "headers that are no JSON", rest: "5:{bad},,0:," },
    { what: "a length that is wrong", rest: "99:{},0:," },
    { what: "nothing after its path", rest: "" },
  ])("with $what gets 400 and a close, and nobody else notices", async ({ rest }) => {
    const { server, app } = await startBed();
    await server.request(1);
    await untilBodies(server, 1, 1);
    // The fake server needs one well-formed request on a connection, to learn its id.
    await server.request(2, "/healthz");
    await untilBodies(server, 2, 1);
    await server.send(`${sender} 2 /esupdates ${rest}`);
    const [, refusal] = await untilBodies(server, 2, 2);
    expect(refusal).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\nConnection: close\r\n/);
    await untilClosed(server, 2);
    await app.publish({ topics: ["broadcast"], data: "still here" });
    expect((await untilBodies(server, 1, 2)).join("")).toContain("data: still here\n\n");
    expect(app.figures()).toMatchObject({ "frames_refused_total{link=mongrel2-1,reason=malformed}": 1 });
  });

  it("is dropped when nobody can be told", async () => {
    const { server, app } = await startBed();
    await server.send("complete nonsense");
    await waitFor(() => app.figures()["frames_refused_total{link=mongrel2-1,reason=malformed}"] === 1, {
      within,
      missing: "the frame has not been counted",
    });
    await server.request(1);
    expect(await untilBodies(server, 1, 1)).toHaveLength(1);
  });
});

describe.each([{ flowControl: true }, { flowControl: false }])(
  "requests with $flowControl credits",
  limit,
  (options) => {
    it("of one connection are answered one after the other", async () => {
      const { server } = await startBed(options);
      server.answering = false;
      await server.request(1, "/healthz");
      await server.request(1, "/esupdates/missing");
      await server.request(2, "/healthz");
      await untilBodies(server, 1, 1);
      await server.answerAgain();
      const [first, second] = await untilBodies(server, 1, 2);
      expect([first?.slice(0, 12), second?.slice(0, 12)]).toEqual(["HTTP/1.1 200", "HTTP/1.1 404"]);
      await untilBodies(server, 2, 1);
    });

    it("close a connection on which too many wait", async () => {
      const { server, app } = await startBed(options);
      server.answering = false;
      for (let n = 0; n < 18; n++) await server.request(1, "/healthz");
      await waitFor(() => app.figures()["connections_cut_total{reason=pipelining}"] === 1, {
        within,
        missing: "the connection has not been cut",
      });
      await server.answerAgain();
      await untilClosed(server, 1);
      expect(server.bodiesOf(1)).toHaveLength(1);
    });

    it("with bodies close a connection on which more waits than one body may have", async () => {
      // Bug: without this limit, sixteen bodies of 1 MiB could wait on every connection.
      const { server, app } = await startBed({ ...options, settings: { PHAROS_LIMITS_BODY_BYTES: "1000" } });
      const held = () => app.figures()["request_body_bytes"];
      server.answering = false;
      for (let n = 0; n < 3; n++) await server.request(1, "/publish/a", "b".repeat(500));
      await waitFor(() => held() === 1000, { within, missing: () => `${held()} bytes wait, not two bodies` });
      expect(app.figures()["connections_cut_total{reason=pipelining}"]).toBeUndefined();
      await server.request(1, "/publish/a", "b");
      await waitFor(() => app.figures()["connections_cut_total{reason=pipelining}"] === 1, {
        within,
        missing: "the connection has not been cut",
      });
      expect(held()).toBe(0);
    });

    it("have no room for a body beyond what all may hold, and have it when clients have gone", async () => {
      const settings = { PHAROS_LIMITS_REQUEST_BYTES: "65536", PHAROS_LIMITS_BODY_BYTES: "40000" };
      const { server, app } = await startBed({ ...options, settings });
      const held = () => app.figures()["request_body_bytes"];
      server.answering = false;
      for (const id of [1, 2]) await server.request(id, "/healthz");
      for (const id of [1, 2]) await server.request(id, "/publish/a", "b".repeat(40_000));
      await waitFor(() => held() === 40_000, { within, missing: () => `${held()} bytes wait` });
      await server.disconnect(1);
      await waitFor(() => held() === 0, { within, missing: () => `${held()} bytes wait for nobody` });
      expect(app.figures()["connections_cut_total{reason=pipelining}"]).toBeUndefined();
    });

    it("behind a stream are counted, and close it when they keep coming", async () => {
      const { server, app } = await startBed(options);
      await server.request(1);
      await untilBodies(server, 1, 1);
      for (let n = 0; n < 3; n++) await server.request(1, "/healthz");
      await untilClosed(server, 1);
      expect(app.figures()).toMatchObject({
        second_requests_total: 3,
        "connections_cut_total{reason=second-requests}": 1,
      });
      const [, ...further] = server.bodiesOf(1);
      expect(further).toEqual(["0\r\n\r\n"]);
    });
  },
);

describe("streams", limit, () => {
  it("get one round in as few messages as may name them, each of them once", async () => {
    const { server, app } = await startBed({ settings: { PHAROS_TARGETS: "2" } });
    const ids = [1, 2, 3, 4, 5];
    for (const id of ids) await server.request(id);
    for (const id of ids) await untilBodies(server, id, 1);
    await app.publish({ topics: ["broadcast"], data: "one for all" });
    for (const id of ids) await untilBodies(server, id, 2);
    const round = server.messages.filter(({ body }) => body.includes("one for all"));
    expect(round.map((message) => message.ids.length).sort((a, b) => a - b)).toEqual([1, 2, 2]);
    expect(round.flatMap((message) => message.ids).sort((a, b) => a - b)).toEqual(ids);
  });

  it("that take nothing at all are cut at once and not closed behind what they do not take", async () => {
    // Bug: the hub's close waited behind unread bytes, so the connection of a client that read nothing stayed open for
    // ever.
    const { server, app } = await startBed({ settings: { PHAROS_LIMITS_STALL_SECONDS: "1" } });
    await server.request(1);
    await untilBodies(server, 1, 1);
    server.crediting = false;
    await app.publish({ topics: ["broadcast"], data: "not taken" });
    const cut = (): boolean =>
      server.messages.some(({ control, ids, body }) => control && ids[0] === 1 && body.includes("cancel"));
    await server.changes.until(cut, { within, missing: "the connection has not been cut" });
    expect(app.figures()).toMatchObject({ "connections_cut_total{reason=stalled}": 1 });
    expect(
      server.messages.filter(({ control, ids, body }) => !control && ids[0] === 1 && body.length === 0),
    ).toEqual([]);
  });
});

it("sends nothing to the ids of a lost server when it comes back", limit, async () => {
  const { server, app } = await startBed();
  await server.request(1);
  await untilBodies(server, 1, 1);
  server.stop();
  await waitFor(() => app.ready.mongrel2[0]?.state === "down", {
    within,
    missing: "the loss is not noticed",
  });
  const before = server.messages.length;
  await server.start();
  await waitFor(() => app.ready.mongrel2[0]?.state === "up", { within, missing: "the link is not up again" });
  await app.publish({ topics: ["broadcast"], data: "for nobody" });
  await server.request(1);
  await untilBodies(server, 1, 2);
  const bodies = server.messages.slice(before).map(({ body }) => body.toString());
  expect(bodies.filter((body) => body.includes("for nobody"))).toEqual([]);
});

it("closes once a WebSocket that is none of its own, and answers none of its frames", limit, async () => {
  // Bug: after the hub had closed a connection, it still answered the earlier requests of this connection one by one.
  const { server, app } = await startBed();
  const words = { PATH: "/ws", METHOD: "WEBSOCKET", VERSION: "HTTP/1.1", URI: "/ws", FLAGS: "0x81" };
  const headers = JSON.stringify(words);
  for (let n = 0; n < 50; n += 1) await server.send(`${sender} 7 /ws ${headers.length}:${headers},2:{},`);
  // The hub reads requests in order, so the answer to this request shows that it has read all earlier requests.
  await server.request(8, "/healthz");
  await untilBodies(server, 8, 1);
  const closes = (): number =>
    server.messages.filter(({ control, ids, body }) => !control && ids.includes(7) && body.length === 0)
      .length;
  await server.changes.until(() => closes() > 0, { within, missing: "the stray has not been closed" });
  expect(closes()).toBe(1);
  expect(server.bodiesOf(7)).toEqual([]);
  expect(app.figures()).toMatchObject({ "connections_cut_total{reason=stray-frames}": 1 });
});
