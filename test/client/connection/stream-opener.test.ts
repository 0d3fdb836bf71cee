import { afterEach, expect, it, vi } from "vitest";

import { StreamOpener } from "../../../src/client/connection/stream-opener.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import * as fallbacks from "../../../src/client/pharos-client-fallbacks.js";
import type { OpenStream, Transport } from "../../../src/client/transports/transport.js";

const parameters = { filters: ["a"], added: [], lastEventId: "" };
const stream: OpenStream = { next: () => new Promise(() => undefined) };

/**
 * A transport behind a proxy that delays all responses forever. The transport never opens a stream, and rejects when
 * the opener aborts the attempt.
 */
const heldBack = (): Transport["open"] => (request) =>
  new Promise((_resolve, reject) => {
    request.signal.addEventListener("abort", () => reject(request.signal.reason));
  });

afterEach(() => vi.useRealTimers());

// Bug: after any transport had opened a stream, a held event stream was tried for ever.
it("an event stream that is held back gives way to a WebSocket at once, also one that has worked before", async () => {
  vi.useFakeTimers();
  const opens: Transport["open"][] = [];
  const eventStream: Transport = {
    name: "event-stream",
    open: (request) => (opens.shift() ?? heldBack())(request),
  };
  const webSocket: Transport = { name: "websocket", open: async () => stream };
  const makeOpener = (): StreamOpener =>
    new StreamOpener({
      transports: [eventStream, webSocket],
      tokens: new Tokens(undefined),
      loadFallbacks: async () => fallbacks,
      onBetter: () => undefined,
    });
  const [held, worked] = [makeOpener(), makeOpener()];
  const next = async (opener: StreamOpener): Promise<unknown> => {
    const opening = opener.open(parameters).then(({ transport }) => transport);
    await vi.advanceTimersByTimeAsync(10_000);
    return opening;
  };
  expect([await next(held), await next(held)]).toEqual(["websocket", "websocket"]);
  opens.push(async () => stream);
  expect([await next(worked), await next(worked)]).toEqual(["event-stream", "websocket"]);
});

it("an attempt fails with its own reason while the code for later attempts cannot be loaded", async () => {
  const failure = new Error("connection refused");
  const opens: Transport["open"][] = [() => Promise.reject(failure), () => Promise.reject(failure)];
  const load = vi.fn<() => Promise<typeof fallbacks>>(() => Promise.reject(new Error("offline")));
  const opener = new StreamOpener({
    transports: [
      { name: "event-stream", open: (request) => (opens.shift() ?? (async () => stream))(request) },
      { name: "websocket", open: async () => stream },
    ],
    tokens: new Tokens(undefined),
    loadFallbacks: load,
    onBetter: () => undefined,
  });
  for (const calls of [1, 2]) {
    await expect(opener.open(parameters)).rejects.toMatchObject({
      message: "connection refused",
      trouble: "network",
    });
    expect(load).toHaveBeenCalledTimes(calls);
  }
  expect((await opener.open(parameters)).transport).toBe("event-stream");
});
