import { describe, expect, it } from "vitest";

import { StreamRefusedError } from "../../src/client/index.js";
import { before, waitFor } from "../support/wait-for.js";
import { data, open, take } from "./open-live.js";
import { type Answer, quick, refuse, refuseAsHub, serve, stream } from "./stream-server.js";

describe("a live connection", () => {
  it.each([500, 503, 408, 429, 302])("asks again after a %s", async (status) => {
    const { url } = await serve(stream([quick]), refuse(status), stream(["data: a\n\n"], { open: true }));
    const { live, states } = open(url, { transport: "event-stream" });
    await take(live, 1);
    const reason: unknown = expect.stringContaining(String(status));
    expect(states).toContainEqual(expect.objectContaining({ kind: "waiting", reason }));
  });

  // Bug: a date was ignored, and all clients of one server returned at the same moment.
  it.each([
    ["200", 200],
    ["999999999", 300],
    [new Date(Date.now() + 200_000).toUTCString(), 200],
    [new Date(Date.now() - 200_000).toUTCString(), 0],
    ["soon", 0],
  ])("waits at least as long as the server asks for with Retry-After: %s", async (retryAfter, seconds) => {
    const { url } = await serve((_request, response) => {
      response.writeHead(503, { "retry-after": retryAfter }).end();
    });
    const { live } = open(url, { transport: "event-stream" });
    await waitFor(() => live.state.kind === "waiting", { within: 30_000, missing: "the wait" });
    const { delayMs = 0 } = live.state.kind === "waiting" ? live.state : {};
    expect(delayMs).toBeGreaterThan(seconds * 1000 - 2000);
    expect(delayMs).toBeLessThanOrEqual(seconds * 1000 + 2000);
  });

  // Bug: a timer of more than 2^31 ms fires at once, so that the library sent 140 requests in 3 s.
  it.each(["retry: 99999999999\n\n", `retry: ${"9".repeat(400)}\n\n`])(
    "waits for days if the stream asks for more: %s",
    async (text) => {
      const { url, requests } = await serve(stream([text]));
      const { live } = open(url, { transport: "event-stream" });
      await waitFor(() => live.state.kind === "waiting", { within: 30_000, missing: "the wait" });
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { delayMs = 0 } = live.state.kind === "waiting" ? live.state : {};
      expect(delayMs).toBeGreaterThan(86_400_000);
      expect(requests).toHaveLength(1);
    },
  );

  it.each([`heartbeat: 99999999999\n`, "heartbeat: 0\n"])(
    "does not take a stream for silent at once: %s",
    async (text) => {
      const { url, requests } = await serve(stream([text], { open: true }));
      const { live } = open(url, { transport: "event-stream" });
      await waitFor(() => live.state.kind === "open", { within: 30_000, missing: "the stream" });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(live.state.kind).toBe("open");
      expect(requests).toHaveLength(1);
    },
  );

  it("takes only event streams for event streams", async () => {
    const other: Answer = (_request, response) =>
      void response.writeHead(200, { "content-type": "text/event-stream-x" }).end("data: wrong\n\n");
    const right: Answer = (_request, response) =>
      void response
        .writeHead(200, { "content-type": "text/Event-Stream; charset=utf-8" })
        .write("data: a\n\n");
    const { url } = await serve(stream([quick]), other, right);
    const { live } = open(url, { transport: "event-stream" });
    expect(data(await take(live, 1))).toEqual(["a"]);
  });

  it.each([400, 401, 403, 404])("is closed for good by a %s of the hub", async (status) => {
    const { url, requests } = await serve(refuseAsHub(status, "# must be last"));
    const { live } = open(url);
    const error: unknown = await take(live, 1).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StreamRefusedError);
    expect(error).toMatchObject({ status, reason: "# must be last" });
    expect(String(error)).toContain(`status ${status}: # must be last`);
    expect(live.state).toEqual({ kind: "closed", error });
    expect(requests).toHaveLength(1);
  });

  // Bug: a 404 of a proxy during a deploy closed the connections of all clients for good.
  it.each([
    [204, "", "text/plain", "status 204"],
    [403, "<html>", "text/html", "status 403"],
    [404, "nothing here", "text/plain", "status 404: nothing here"],
    [421, "", "text/plain", "status 421"],
    [425, "", "text/plain", "status 425"],
    [404, '{"title":"no route","status":404}', "application/problem+json", "status 404: no route"],
    [400, '{"detail":"no","instance":"/a"}', "application/json", "status 400: no"],
    [
      429,
      '{"detail":"too many streams","instance":"a"}',
      "application/problem+json",
      "429: too many streams",
    ],
  ])("asks again after a %s that is not the hub's: %s, %s", async (status, ...[body, type, reason]) => {
    // `fetch` itself repeats a request after a 421.
    const again = status === 421 ? [refuse(status)] : [];
    const { url } = await serve(
      stream([quick]),
      ...again,
      refuse(status, body, type),
      stream(["data: a\n\n"], { open: true }),
    );
    const { live, states } = open(url);
    await take(live, 1);
    expect(states).toContainEqual(expect.objectContaining({ reason: expect.stringContaining(reason) }));
  });

  it("reads only the beginning of an error response that has no end", async () => {
    let closed: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (closed = resolve));
    const { url } = await serve(
      (_request, response) => {
        response.on("close", closed).writeHead(404, { "content-type": "text/plain" });
        const more = (): void => void (response.writable && response.write("x".repeat(65_536), more));
        more();
      },
      stream(["data: a\n\n"], { open: true }),
    );
    const { live, states } = open(url, { transport: "event-stream" });
    await take(live, 1);
    await before(ended, { within: 20_000, missing: "the end of the response" });
    expect(states).toContainEqual(
      expect.objectContaining({ reason: `the server answered with status 404: ${"x".repeat(200)}` }),
    );
  });
});
