import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ClientEvent,
  subscribe,
  StreamRefusedError,
  type SubscribeOptions,
} from "../../src/client/index.js";
import { parsePort } from "../support/parse-port.js";
import { before } from "../support/wait-for.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that gives each request the next answer, the last one for ever. */
async function serve(...answers: Answer[]): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${parsePort(server.address())}/esupdates`, requests };
}

/** Answers with a stream of these chunks, which ends after them unless `open`. */
function stream(chunks: readonly (string | Buffer)[], options: { readonly open?: boolean } = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunks) response.write(chunk);
    if (options.open !== true) response.end();
  };
}

const refuse =
  (status: number, body = "", type = "text/plain"): Answer =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": type }).end(body);

/** Takes events until `count` of them are of interest (not states), then leaves the loop. */
async function take(count: number, url: string, options: SubscribeOptions = {}): Promise<ClientEvent[]> {
  const taken: ClientEvent[] = [];
  const taking = (async () => {
    for await (const event of subscribe(url, options)) {
      taken.push(event);
      if (taken.filter(({ kind }) => kind !== "state").length >= count) return;
    }
  })();
  await before(taking, {
    within: 30_000,
    missing: () => `${count} events; there are ${JSON.stringify(taken)}`,
  });
  return taken;
}

const events = (taken: readonly ClientEvent[]): ClientEvent[] => taken.filter(({ kind }) => kind !== "state");
const states = (taken: readonly ClientEvent[]): string[] =>
  taken.flatMap((event) => (event.kind === "state" ? [event.state] : []));
const quick = "retry: 1\n";

describe("subscribe", () => {
  it("yields the state, then each event", async () => {
    const { url } = await serve(
      stream([": hello\nid: #e:1\n\nevent: news\nid: 7\ndata: a\n", "\ndata: b\n\n"], { open: true }),
    );
    expect(await take(2, url)).toEqual([
      { kind: "state", state: "connecting" },
      { kind: "state", state: "open" },
      { kind: "event", id: "7", type: "news", data: "a" },
      { kind: "event", id: "7", type: "message", data: "b" },
    ]);
  });

  it("asks with its filters, headers and starting id", async () => {
    const { url, requests } = await serve(stream(["data: a\n\n"]));
    const filters = ["a+b", "news/#", "ü & ?"];
    await take(1, `${url}?x=1#part`, { filters, headers: { authorization: "Bearer t" }, lastEventId: "é" });
    expect(requests[0]?.url).toBe("/esupdates?x=1&topic=a%2Bb&topic=news%2F%23&topic=%C3%BC%20%26%20%3F");
    expect(requests[0]?.headers).toMatchObject({ accept: "text/event-stream", authorization: "Bearer t" });
    expect(Buffer.from(String(requests[0]?.headers["last-event-id"]), "latin1").toString()).toBe("é");
  });

  it("sends no Last-Event-ID before it has one", async () => {
    const { url, requests } = await serve(stream(["data: a\n\n"]));
    await take(1, url);
    expect(requests[0]?.headers).not.toHaveProperty("last-event-id");
  });

  it("resumes after the last event when the stream ends, also after an id alone", async () => {
    const { url, requests } = await serve(
      stream([quick, "id: 1\ndata: a\n\n", "id: 2\ndata: cut off\n"]),
      stream(["id: #e:5\n\n"]),
      stream(["data: b\n\n"], { open: true }),
    );
    const taken = await take(2, url);
    expect(events(taken)).toMatchObject([{ data: "a" }, { data: "b", id: "#e:5" }]);
    expect(requests.map((request) => request.headers["last-event-id"])).toEqual([undefined, "1", "#e:5"]);
    expect(states(taken).slice(0, 4)).toEqual(["connecting", "open", "waiting", "connecting"]);
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
    const data: string[] = [];
    for await (const event of subscribe(url, { signal: AbortSignal.timeout(30_000) })) {
      if (event.kind !== "event") continue;
      data.push(event.data);
      if (data.length === 2) break;
      cut();
    }
    expect(data).toEqual(["a", "b"]);
    expect(requests[1]?.headers["last-event-id"]).toBe("1");
  });

  it.each([500, 503, 408, 429, 302])("asks again after a %s", async (status) => {
    const { url } = await serve(stream([quick]), refuse(status), stream(["data: a\n\n"], { open: true }));
    const taken = await take(1, url);
    expect(taken).toContainEqual(
      expect.objectContaining({ state: "waiting", reason: expect.stringContaining(String(status)) }),
    );
  });

  it("asks again after an answer that is no event stream", async () => {
    const { url } = await serve(
      stream([quick]),
      refuse(200, "<html>"),
      stream(["data: a\n\n"], { open: true }),
    );
    expect(await take(1, url)).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining("text/plain") }),
    );
  });

  it.each([
    [204, "", "text/plain", /status 204$/],
    [404, "nothing here", "text/plain", /404: nothing here/],
    [
      400,
      '{"title":"Bad Request","detail":"# must be last"}',
      "application/problem+json",
      /400: # must be last/,
    ],
    [401, "not json", "application/json", /status 401$/],
  ])("ends with an error after a %s", async (status, ...[body, type, message]) => {
    const { url, requests } = await serve(refuse(status, body, type));
    const error: unknown = await take(1, url).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StreamRefusedError);
    expect(error).toMatchObject({ status, message: expect.stringMatching(message) });
    expect(requests).toHaveLength(1);
  });

  it("tells a gap", async () => {
    const notice = { reason: "evicted", topics: [{ topic: "t", missedAtMost: 3 }], more: false };
    const { url } = await serve(
      stream([
        `event: pharos-gap\nid: #e:3\ndata: ${JSON.stringify(notice)}\n\n`,
        "event: pharos-gap\ndata: ?\n\n",
      ]),
    );
    expect(events(await take(2, url))).toEqual([
      { kind: "gap", notice },
      { kind: "gap", notice: { reason: "unknown-id", topics: [], more: true } },
    ]);
  });

  it.each(["while it is open", "while it waits"])(
    "ends without an error when it is aborted %s",
    async (when) => {
      const { url } = await serve(stream(["retry: 3600000\n\n"], { open: when === "while it is open" }));
      const controller = new AbortController();
      const last = when === "while it is open" ? "open" : "waiting";
      const seen: string[] = [];
      const iteration = (async () => {
        for await (const event of subscribe(url, { signal: controller.signal })) {
          if (event.kind === "state") seen.push(event.state);
          if (seen.at(-1) === last) setImmediate(() => controller.abort());
        }
      })();
      await before(iteration, { within: 20_000, missing: "the end of the iteration" });
      expect(seen.at(-1)).toBe(last);
    },
  );

  it("asks for nothing when it is aborted before it begins", async () => {
    const { url, requests } = await serve(stream([]));
    const first = await subscribe(url, { signal: AbortSignal.abort() }).next();
    expect(first.done).toBe(true);
    expect(requests).toHaveLength(0);
  });

  it("closes the connection when its loop is left", async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const { url } = await serve((request, response) => {
      response.on("close", closed);
      stream(["data: a\n\n"], { open: true })(request, response);
    });
    await take(1, url);
    await expect(
      before(gone, { within: 20_000, missing: "the end of the connection" }),
    ).resolves.toBeUndefined();
  });

  it("refuses a malformed URL at once", async () => {
    await expect(take(1, "http://")).rejects.toThrowError(TypeError);
  });
});
