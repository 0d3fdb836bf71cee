import { expect, it, vi } from "vitest";

import { attemptWith } from "../../../src/client/connection/stream-attempt.js";
import { StreamOpener } from "../../../src/client/loop/stream-opener.js";
import { Tokens } from "../../../src/client/connection/tokens.js";
import { abortOf, type OpenStream, type Transport } from "../../../src/client/transports/transport.js";
import { wait } from "../../../src/client/transports/wait.js";

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
    await vi.advanceTimersByTimeAsync(6000);
    return opening;
  };
  expect([await next(held), await next(held)]).toEqual(["websocket", "websocket"]);
  opens.push(async () => stream);
  expect([await next(worked), await next(worked)]).toEqual(["event-stream", "websocket"]);
});

it("a slow network gets more time, after a round in which no transport opened in time", async () => {
  vi.useFakeTimers();
  const eventStream: Transport = {
    name: "event-stream",
    open: ({ signal }) =>
      Promise.race([wait(8000, signal).then(() => signal.throwIfAborted()), abortOf(signal)]).then(
        () => stream,
      ),
  };
  const tokens = new Tokens(undefined);
  const opener = new StreamOpener({
    transports: [eventStream],
    tokens,
    attempt: attemptWith(tokens, new AbortController().signal),
    onBetter: () => undefined,
  });
  const late = opener.open(parameters).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(6000);
  expect(await late).toMatchObject({ trouble: "held" });
  const opening = opener.open(parameters);
  await vi.advanceTimersByTimeAsync(8000);
  await expect(opening).resolves.toMatchObject({ transport: "event-stream" });
});
