import { describe, expect, it } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import { opcodes } from "../../../src/gateway/websocket/frame.js";
import { formatTime } from "../../../src/protocols/push-stream/messages/stamps.js";
import { box } from "../boxes.js";
import { PushStreamWorld, firstSecond } from "../push-stream-world.js";
import type { Stream } from "../push-stream-world.js";

const textsOf = ({ messages }: Stream): readonly string[] =>
  messages.filter(({ id }) => id > 0).map(({ text }) => decodeURIComponent(text));

const notesOf = ({ messages }: Stream): readonly unknown[] =>
  messages
    .filter(({ id }) => id < 0)
    .map(({ id, text }) => Object.assign({ id }, JSON.parse(decodeURIComponent(text))));

box("push-stream, WebSocket", "Handshake", () => {
  it.each(["/ws/a", "/events/ws/a", "/ws", "/ws/"])("is answered at %s", async (path) => {
    const query = path.endsWith("a") ? "" : "channels=a";
    const socket = await new PushStreamWorld().openSocket({ path, query });
    expect(socket.headers.get("sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(socket.frames).toEqual([]);
  });

  it("is what another request is told to ask for, and is refused in another version", async () => {
    const world = new PushStreamWorld();
    const plain = await world.ask({ path: "/ws/a" });
    expect(plain.status).toBe(426);
    const other = { upgrade: "websocket", "sec-websocket-version": "7" };
    expect((await world.ask({ path: "/ws/a", headers: other })).status).toBe(426);
  });

  it("is refused, as other subscribers are, before it is answered", async () => {
    const world = new PushStreamWorld();
    await expect(world.openSocket({ path: "/ws/" })).rejects.toThrow("refused with 400");
    await expect(world.openSocket({ path: "/events/ws/" })).rejects.toThrow("refused with 400");
    await expect(world.openSocket({ path: "/ws/a*" })).rejects.toThrow("refused with 403");
    await expect(world.openSocket({ path: "/ws/a/b/c/d/e/f" })).rejects.toThrow("refused with 403");
  });

  it("is refused to pages of foreign origins", async () => {
    const world = new PushStreamWorld();
    const from = (origin: string): Promise<Stream> =>
      world.openSocket({ path: "/ws/a", headers: { origin } });
    await expect(from("https://evil.example")).rejects.toThrow("refused with 403");
    await from("https://page.example");
    await from("http://localhost");
  });

  it("leaves /ws itself, where no channels are named, to the hub's own WebSockets", async () => {
    await expect(new PushStreamWorld().openSocket({ path: "/ws" })).rejects.toThrow("refused with 404");
    await expect(new PushStreamWorld({ prefix: "/push" }).openSocket({ path: "/push/ws" })).rejects.toThrow(
      "refused with 400",
    );
  });
});

box("push-stream, WebSocket", "Frames", () => {
  it("are messages in the client's template, one a text frame", async () => {
    const world = new PushStreamWorld();
    world.publish("a", "before", { id: "e1" });
    const socket = await world.openSocket({ path: "/ws/a.b1/b" });
    world.publish("b", 'line\n"é"');
    world.publish("c", "for others");
    world.turn();
    const time = formatTime(firstSecond);
    expect(socket.frames.map(({ payload }) => payload.toString())).toEqual([
      `{"id":1,"channel":"a","text":"before", "tag":"1", "time":"${time}", "eventid":"e1"}`,
      `{"id":1,"channel":"b","text":"line%0A%22%C3%A9%22", "tag":"2", "time":"${time}", "eventid":""}`,
    ]);
  });

  it("are pings when nothing else comes", async () => {
    const world = new PushStreamWorld();
    const socket = await world.openSocket({ path: "/ws/a" });
    world.clock.advance(20_000);
    expect(socket.frames).toMatchObject([{ opcode: opcodes.ping, payload: Buffer.alloc(0) }]);
  });

  it("tell what is lost by -4, which the client library passes over", async () => {
    const world = new PushStreamWorld({ topicEvents: 1 });
    for (const n of [1, 2]) world.publish("a", String(n), { id: `e${n}` });
    const socket = await world.openSocket({ path: "/ws/a", query: "eventid=e0" });
    expect(notesOf(socket)).toMatchObject([{ id: -4, reason: "unknown-id" }]);
    expect(textsOf(socket)).toEqual(["2"]);
  });
});

describe("a token as a subprotocol", () => {
  it("reads what it grants, from where the headers say that the client was", async () => {
    const world = new PushStreamWorld();
    world.publish("a", "had", { id: "e1" });
    world.publish("a", "secret", { id: "e2", private: true });
    const headers = { "sec-websocket-protocol": "pharos.token.subscribe.a", "last-event-id": "e1" };
    expect(textsOf(await world.openSocket({ path: "/ws/a", headers }))).toEqual(["secret"]);
  });
});

box("push-stream, WebSocket", "Publishing", () => {
  it("is a message to each channel, decoded once, which the client gets too", async () => {
    const world = new PushStreamWorld();
    const socket = await world.openSocket({ path: "/ws/a/b" });
    const other = await world.openSocket({ path: "/ws/b" });
    for (const text of ["one%20%C3%A9", "100% sure"]) await socket.say(text);
    expect(textsOf(socket)).toEqual(["one é", "one é", "100% sure", "100% sure"]);
    expect(textsOf(other)).toEqual(["one é", "100% sure"]);
    expect(notesOf(socket)).toEqual([]);
  });

  it.each([
    ["a token in the query", "authorization=publish.a", {}, undefined],
    ["a token in the header", "", { authorization: "Bearer publish.a" }, undefined],
    ["a token as a subprotocol", "", { "sec-websocket-protocol": "x, pharos.token.publish.a" }, undefined],
    ["a token for another channel", "authorization=publish.b", {}, "insufficient-scope"],
    ["a token that may not publish", "authorization=subscribe.a", {}, "insufficient-scope"],
    ["no token, from elsewhere", "", {}, "unauthorized"],
  ])("with %s", async (...row) => {
    const [, query, headers, code] = row;
    const world = new PushStreamWorld();
    const socket = await world.openSocket({ path: "/ws/a", query, headers, peer: "192.0.2.1" });
    await socket.say("x");
    expect(textsOf(socket)).toEqual(code === undefined ? ["x"] : []);
    expect(notesOf(socket)).toMatchObject(code === undefined ? [] : [{ id: -5, code }]);
  });

  it("is refused without ending the stream, for an empty message and one that is too large", async () => {
    const world = new PushStreamWorld();
    const socket = await world.openSocket({ path: "/ws/a" });
    await socket.say("");
    await socket.say("x".repeat(2 * 1024 * 1024));
    await socket.say("y");
    expect(notesOf(socket)).toMatchObject([
      { id: -5, code: "empty-message", detail: "Empty post requests are not allowed." },
      { id: -5, code: "too-large" },
    ]);
    expect(textsOf(socket)).toEqual(["y"]);
  });

  it("counts as publishing does, before anything else of it, and refusals are noted", async () => {
    let left = 1;
    const admitPublish = (): void => {
      left -= 1;
      if (left < 0) throw new PharosError("too-many-requests", "too often");
    };
    const world = new PushStreamWorld({ admitPublish });
    const socket = await world.openSocket({ path: "/ws/a" });
    for (const text of ["x", "y", ""]) await socket.say(text);
    expect(textsOf(socket)).toEqual(["x"]);
    expect(notesOf(socket)).toEqual([
      { id: -5, code: "too-many-requests", detail: "too often" },
      { id: -5, code: "too-many-requests", detail: "too often" },
    ]);
    expect(world.refusals).toEqual(["too-many-requests", "too-many-requests"]);
  });
});
