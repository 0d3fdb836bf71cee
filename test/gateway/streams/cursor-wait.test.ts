import { expect, it } from "vitest";
import { CursorWait } from "../../../src/gateway/streams/cursor-wait.js";
import { gatewayRequest } from "../request.js";

const ready = Promise.resolve();

/** True if a request waits at a hub that knows these event ids only. */
function waits(
  given: Parameters<typeof gatewayRequest>[0],
  known: readonly string[] = ["#e:1", "#e:2"],
): boolean {
  const locate = (id: string) =>
    known.includes(id)
      ? ({ kind: "at", offset: 1 } as const)
      : ({ kind: "lost", reason: "unknown-id" } as const);
  const wait = new CursorWait({ history: { locate }, caughtUp: () => ready });
  return wait.before(gatewayRequest(given)) === ready;
}

it.each([
  [{ headers: { "last-event-id": "#e:3" } }, true],
  [{ headers: { "last-event-id": "#e:2" } }, false],
  [{ headers: { "last-event-id": "own-id" } }, true],
  [{ headers: {} }, false],
  [{ query: "topic=a&last_event_id=%23e:3" }, true],
  [{ query: "topic=a&lastEventId=%23e:1" }, false],
  [{ query: "topic=a&lastEventId=" }, false],
  [{ query: "topic=a&lastEventId=%ff" }, false],
  [{ query: "after=1&lastEventId=%23e:1,%23e:2" }, false],
  [{ query: "lastEventId=%23e:1,%23e:3" }, true],
  [{ query: "tag=1&time=Mon" }, true],
  [{ headers: { "if-modified-since": "Mon" } }, true],
  [{ method: "QUERY" }, true],
] as const)("a request with %j waits: %s", (given, expected) => {
  expect(waits(given)).toBe(expected);
});
