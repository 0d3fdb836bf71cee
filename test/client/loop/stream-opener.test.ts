import { afterEach, expect, it, vi } from "vitest";

import { attemptWith } from "../../../src/client/connection/stream-attempt.js";
import { StreamOpener } from "../../../src/client/loop/stream-opener.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
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
  const tokens = new Tokens(undefined);
  const attempt = attemptWith(tokens, new AbortController().signal);
  const makeOpener = (): StreamOpener =>
    new StreamOpener({
      transports: [eventStream, webSocket],
      tokens,
      attempt,
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
