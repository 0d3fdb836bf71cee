import { describe, expect, it, onTestFinished } from "vitest";
import { connect, maxWaitingItems, StreamRefusedError } from "../../src/client/index.js";
import { before, waitFor } from "../support/wait-for.js";
import { data, kinds, open, take } from "./open-live.js";
import { quick, refuse, refuseAsHub, serve, stream } from "./stream-server.js";

const lastIds = (requests: readonly { headers: Record<string, unknown> }[]): unknown[] =>
  requests.map(({ headers }) => headers["last-event-id"]);

describe("a live connection", () => {
  it("yields each event as the hub's JSON has it, and tells its states", async () => {
    const { url } = await serve(
      stream(
        [
          ": hello\nid: #e:1\n\nevent: news\nid: 7\ntopic: a\ntopic: b\ndata: a\n",
          "\ndata: b\n\ntopic: c\nretained: 3\ndata: c\n\n",
        ],
        { open: true },
      ),
    );
    const { live, states } = open(url);
    expect(live.state).toEqual({ kind: "idle" });
    expect(await take(live, 3)).toEqual([
      { kind: "event", id: "7", topics: ["a", "b"], type: "news", data: "a" },
      { kind: "event", id: "7", topics: [], data: "b" },
      { kind: "event", id: "3", topics: ["c"], data: "c", retained: true },
    ]);
    expect(states).toEqual([{ kind: "connecting" }, { kind: "open", transport: "event-stream" }]);
    expect(live.lastEventId).toBe("7");
  });

  it("asks with its filters, headers, token and starting id", async () => {
    const { url, requests } = await serve(stream(["data: a\n\n"], { open: true }));
    const filters = ["a+b", "news/#", "ü & ?"];
    const { live } = open(`${url}?x=1&topic=a%2Bb&topic=c#part`, {
      filters,
      headers: { "x-own": "1" },
      token: "t",
      lastEventId: "é",
    });
    await take(live, 1);
    expect(requests[0]?.url).toBe(
      "/esupdates?x=1&topic=a%2Bb&topic=c&topic=news%2F%23&topic=%C3%BC%20%26%20%3F&show=topics",
    );
    expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer t", "x-own": "1" });
    expect(Buffer.from(String(requests[0]?.headers["last-event-id"]), "latin1").toString()).toBe("é");
  });

  it("finds the stream from the hub's URL, and follows broadcast when no filter is named", async () => {
    const { url, requests } = await serve(stream(["data: a\n\n"], { open: true }));
    await take(open(url.replace("esupdates", "")).live, 1);
    expect(requests[0]?.url).toBe("/esupdates?topic=broadcast&show=topics");
    expect(requests[0]?.headers).not.toHaveProperty("last-event-id");
  });

  it("resumes after the last event when the stream ends, also after an id alone", async () => {
    const { url, requests } = await serve(
      stream([quick, "id: 1\ndata: a\n\n", "id: 2\ndata: cut off\n"]),
      stream(["id: #e:5\n\n"]),
      stream(["data: b\n\n"], { open: true }),
    );
    const { live, states } = open(url);
    expect(data(await take(live, 2))).toEqual(["a", "b"]);
    expect(lastIds(requests)).toEqual([undefined, "1", "#e:5"]);
    expect(kinds(states).slice(0, 4)).toEqual(["connecting", "open", "waiting", "connecting"]);
    expect(live.lastEventId).toBe("#e:5");
  });

  it("resumes when the connection breaks", async () => {
    let cut: () => void = () => undefined;
    const { url, requests } = await serve(
      (request, response) => {
        cut = () => request.socket.resetAndDestroy();
        stream([quick, "id: 1\ndata: a\n\n"], { open: true })(request, response);
      },
      stream(["data: b\n\n"], { open: true }),
    );
    const { live } = open(url);
    const first = await take(live, 1);
    cut();
    expect(data([...first, ...(await take(live, 1))])).toEqual(["a", "b"]);
    expect(lastIds(requests)).toEqual([undefined, "1"]);
  });

  it("asks again after an answer that is no event stream", async () => {
    const { url } = await serve(
      stream([quick]),
      refuse(200, "<html>"),
      stream(["data: a\n\n"], { open: true }),
    );
    const { live, states } = open(url, { transport: "event-stream" });
    await take(live, 1);
    expect(states).toContainEqual(expect.objectContaining({ reason: expect.stringContaining("text/plain") }));
  });

  it("tells a gap, also one that it cannot read", async () => {
    const notice = { reason: "evicted", topics: [{ topic: "t", missedAtMost: 3 }], more: false };
    const { url } = await serve(
      stream([
        `event: pharos-gap\nid: #e:3\ndata: ${JSON.stringify(notice)}\n\n`,
        "event: pharos-gap\ndata: ?\n\n",
      ]),
    );
    expect(await take(open(url).live, 2)).toEqual([
      { kind: "gap", id: "#e:3", ...notice },
      { kind: "gap", id: "#e:3", reason: "unknown-id", topics: [], more: true },
    ]);
  });

  it.each(["open", "waiting"])(
    "ends its loops without an error when it is aborted while %s",
    async (kind) => {
      const { url } = await serve(stream(["retry: 3600000\n\n"], { open: kind === "open" }));
      const controller = new AbortController();
      const { live } = open(url, { signal: controller.signal });
      live.on("state", (state) => {
        if (state.kind === kind) setImmediate(() => controller.abort());
      });
      const end = live[Symbol.asyncIterator]().next();
      expect(await before(end, { within: 20_000, missing: "the end of the iteration" })).toMatchObject({
        done: true,
      });
      expect(live.state).toEqual({ kind: "closed" });
    },
  );

  it("sends no request if it is closed in the same turn", async () => {
    const { url, requests } = await serve(stream(["data: a\n\n"], { open: true }));
    open(`${url}?aborted`, { signal: AbortSignal.abort() });
    const { live } = open(`${url}?closed`);
    live.close();
    live.close();
    await take(open(`${url}?open`).live, 1);
    expect(requests.map(({ url }) => url)).toEqual(["/esupdates?open&topic=broadcast&show=topics"]);
  });

  it("closes the network's connection when it is closed", async () => {
    let closed: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (closed = resolve));
    const { url } = await serve((request, response) => {
      response.on("close", closed);
      stream(["data: a\n\n"], { open: true })(request, response);
    });
    const { live } = open(url);
    await take(live, 1);
    live.close();
    await expect(
      before(ended, { within: 20_000, missing: "the end of the connection" }),
    ).resolves.toBeUndefined();
  });

  it("refuses a malformed URL at once", () => {
    expect(() => connect("http://")).toThrowError(TypeError);
  });
});

describe("items of a live connection", () => {
  const numbers = Array.from({ length: 3000 }, (_, n) => `id: ${n}\ndata: ${n}\n\n`);

  it("go to listeners as they arrive, until the listeners are removed", async () => {
    const { url } = await serve(
      stream(["data: a\n\ndata: b\n\nevent: pharos-gap\ndata: ?\n\n"], { open: true }),
    );
    const { live } = open(url);
    const received: string[] = [];
    const off = live.on("event", (event) => {
      received.push(event.data);
      off();
    });
    const gap = new Promise((resolve) => live.on("gap", resolve));
    live.on("event", (event) => received.push(`2 ${event.data}`));
    await before(gap, { within: 20_000, missing: "the gap" });
    expect(received).toEqual(["a", "2 a", "2 b"]);
  });

  it("wait for the first listener or loop, and nothing more is read while they wait", async () => {
    const { url } = await serve(stream([numbers.join(""), "id: last\n\n"], { open: true }));
    const { live } = open(url);
    await waitFor(() => live.state.kind === "open", { within: 20_000, missing: "the stream" });
    expect(live.lastEventId).toBe("");
    const first = await take(live, maxWaitingItems * 2);
    expect(live.lastEventId).toBe(String(maxWaitingItems * 2 - 1));
    const received: string[] = [];
    live.on("event", (event) => received.push(event.data));
    await waitFor(() => live.lastEventId === "last", {
      within: 20_000,
      missing: () => `all; ${received.length} came`,
    });
    expect([...data(first), ...received]).toEqual(numbers.map((_, n) => String(n)));
  });

  it("are not dropped when a listener throws, which is reported", async () => {
    const { url } = await serve(stream(["data: a\n\ndata: b\n\n"], { open: true }));
    const { live } = open(url);
    const thrown: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException").on("uncaughtException", (error) => thrown.push(error));
    onTestFinished(() => {
      process.removeAllListeners("uncaughtException");
      for (const listener of listeners) process.on("uncaughtException", listener);
    });
    const received: string[] = [];
    live.on("event", ({ data }) => {
      received.push(data);
      throw new Error(data);
    });
    await waitFor(() => thrown.length === 2, {
      within: 20_000,
      missing: () => `the errors; ${received.join()}`,
    });
    expect(received).toEqual(["a", "b"]);
  });
});

describe("a token", () => {
  const answers = [refuseAsHub(401), stream(["data: a\n\n"], { open: true })];

  it("is requested again, once, when it is refused", async () => {
    const { url, requests } = await serve(...answers);
    let count = 0;
    await take(open(url, { token: () => `t${(count += 1)}` }).live, 1);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1", "Bearer t2"]);
  });

  it("that is refused twice closes the connection", async () => {
    const { url, requests } = await serve(refuseAsHub(401));
    await expect(take(open(url, { token: () => "t" }).live, 1)).rejects.toThrowError(StreamRefusedError);
    expect(requests).toHaveLength(2);
  });

  it("is requested again after a wait if its function throws", async () => {
    const { url } = await serve(stream(["data: a\n\n"], { open: true }));
    let count = 0;
    const { live, states } = open(url, {
      token: async () => {
        count += 1;
        if (count === 1) throw new Error("login is down");
        return "t";
      },
    });
    await take(live, 1);
    expect(states).toContainEqual(expect.objectContaining({ reason: "no token: login is down" }));
  });

  it("is renewed before it expires, and the stream goes on without a break", async () => {
    const tokenFor = (seconds: number): string =>
      `h.${Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + seconds })).toString("base64url")}.s`;
    const tokens = [tokenFor(3), tokenFor(3600)];
    const { url, requests } = await serve(
      stream(["id: 1\ndata: a\n\n"], { open: true }),
      stream(["id: 2\ndata: b\n\n"], { open: true }),
    );
    let count = 0;
    const { live, states } = open(url, { token: () => tokens[count++] });
    expect(data(await take(live, 2))).toEqual(["a", "b"]);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(tokens.map((t) => `Bearer ${t}`));
    expect(lastIds(requests)).toEqual([undefined, "1"]);
    expect(kinds(states)).toEqual(["connecting", "open"]);
  });
});
