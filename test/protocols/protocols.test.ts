import { expect, it } from "vitest";
import { quietFormats } from "../../src/protocols/formats.js";
import { protocols } from "../../src/protocols/protocols.js";

it("each protocol has a name of its own, and so has each format", () => {
  const formats = protocols.flatMap((protocol) => protocol.formats.map(({ name }) => name));
  expect(new Set(protocols.map(({ name }) => name)).size).toBe(protocols.length);
  expect(new Set(formats).size).toBe(formats.length);
  expect([...quietFormats.keys()]).toEqual(formats);
});

it("worker processes find every format of a stream by its name", () => {
  const own = ["event-stream", "event-stream-topics", "websocket", "mercure", "mercure-older"];
  const names = [...own, "push-stream-ev", "push-stream-sub", "push-stream-ws"];
  const silent = names.filter((name) => (quietFormats.get(name)?.heartbeat("id").length ?? 0) === 0);
  expect(silent).toEqual([]);
});
