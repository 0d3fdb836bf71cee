import { createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { TurnRotation } from "../../../src/gateway/limits/turn-rotation.js";
import { WebSocketConnection } from "../../../src/fronts/http/websocket-connection.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import { connectRaw, type RawConnection } from "../../support/raw-http.js";
import { clientFrame, framesOf } from "../../support/web-socket.js";
import { waitFor } from "../../support/wait-for.js";
import { gatewayRequest } from "../../gateway/request.js";

const within = 20_000;

/** The time of a turn is never used up, so that frames are handled at once, also on a busy machine. */
const endlessTurns = { ...systemClock, monotonic: () => 0 };

/** Resolves after the writes of this turn. */
function systemTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Pair {
  readonly webSocket: WebSocketConnection;
  readonly server: Socket;
  readonly client: RawConnection;
  readonly budget: BodyBudget;
  readonly taken: string[];
  readonly isOver: () => boolean;
}

async function connect(): Promise<Pair> {
  const listener = createServer({ allowHalfOpen: true });
  onTestFinished(() => void listener.close());
  const accepted = new Promise<Socket>((resolve) => listener.once("connection", resolve));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (typeof address !== "object" || address === null) throw new Error("the listener has no port");
  const client = await connectRaw({ port: address.port });
  const server = await accepted;
  // The client disconnects with unread bytes when the test ends.
  server.on("error", () => undefined);
  const budget = new BodyBudget();
  const taken: string[] = [];
  let isOver = false;
  const webSocket = new WebSocketConnection({
    socket: server,
    clock: systemClock,
    dialogue: {
      onText: (text) => {
        taken.push(text);
        return {};
      },
    },
    turns: new TurnRotation(new TurnBudget(endlessTurns)),
    messageBytes: 100_000,
    reservationFor: (lifetime) => budget.reservationFor(gatewayRequest({}), lifetime),
    onResult: () => true,
    onEnd: () => (isOver = true),
  });
  server.once("close", () => webSocket.closed());
  server.once("end", () => webSocket.halfClosed());
  return { webSocket, server, client, budget, taken, isOver: () => isOver };
}

it("answers the latest of many pings alone while the client takes nothing", async () => {
  // Otherwise the pongs pile up in memory.
  const { webSocket, server, client } = await connect();
  webSocket.flushed();
  // The kernel may take more bytes at any moment. A corked socket takes none.
  server.cork();
  server.write(Buffer.alloc(1_000_000));
  const before = server.writableLength;
  for (let n = 1; n <= 1000; n += 1)
    webSocket.read(clientFrame({ opcode: 9, payload: Buffer.from(`ping ${n}`) }));
  await waitFor(() => !webSocket.isBusy, { within, missing: "the pings are not handled" });
  expect(server.writableLength).toBe(before);
  server.uncork();
  await waitFor(() => server.writableLength === 0, {
    within,
    missing: "the client has not taken everything",
  });
  webSocket.drained();
  const { bytesWritten } = server;
  await waitFor(() => client.length === bytesWritten, { within, missing: "the client misses bytes" });
  expect(client.bytes.subarray(-11).toString("latin1")).toBe("\x8a\x09ping 1000");
});

it("answers each of ten pings that arrive together, in order", async () => {
  const { webSocket, client } = await connect();
  webSocket.flushed();
  const pings = Array.from({ length: 10 }, (_, n) =>
    clientFrame({ opcode: 9, payload: Buffer.from(String(n)) }),
  );
  webSocket.read(Buffer.concat(pings));
  await waitFor(() => client.length === 30, { within, missing: "the client misses pongs" });
  expect(framesOf(client.bytes).map(({ payload }) => payload.toString())).toEqual("0123456789".split(""));
});

it("writes nothing before the head of its stream", async () => {
  // Bug: a ping that arrived with the handshake was answered before the response head.
  const { webSocket, server } = await connect();
  webSocket.read(clientFrame({ opcode: 9, payload: Buffer.from("early") }));
  await systemTurn();
  expect(server.bytesWritten).toBe(0);
  webSocket.flushed();
  await systemTurn();
  expect(server.bytesWritten).toBe(7);
});

it("reserves memory for an incomplete message, and releases it when the client disconnects", async () => {
  const { webSocket, client, budget, taken } = await connect();
  webSocket.flushed();
  const frame = clientFrame({ opcode: 1, payload: Buffer.alloc(50_000, "x") });
  for (let at = 0; at < frame.length - 1; at += 10_000)
    webSocket.read(frame.subarray(at, at + 10_000).subarray(0, 9_999));
  expect(budget.held).toBeGreaterThan(0);
  expect(taken).toEqual([]);
  client.close();
  await waitFor(() => budget.held === 0, { within, missing: "the memory is not released" });
});

it("handles the messages before the end of a half-closed connection, and before a close frame", async () => {
  for (const last of [clientFrame({ opcode: 8, payload: Buffer.alloc(0) }), undefined]) {
    const { webSocket, taken, isOver } = await connect();
    webSocket.flushed();
    const texts = Array.from({ length: 10 }, (_, n) => String(n));
    webSocket.read(
      Buffer.concat(texts.map((text) => clientFrame({ opcode: 1, payload: Buffer.from(text) }))),
    );
    if (last === undefined) webSocket.halfClosed();
    else webSocket.read(last);
    await waitFor(isOver, { within, missing: "the last frame is not handled" });
    expect(taken).toEqual(texts);
  }
});

it("reserves nothing for control frames, however many there were", async () => {
  // Bug: the hub closed a client after 1 MiB of control frames, as if all control frames were still in memory.
  const { webSocket, budget } = await connect();
  webSocket.flushed();
  const pongs = Array.from({ length: 500 }, () => clientFrame({ opcode: 10, payload: Buffer.alloc(120) }));
  for (let n = 0; n < 40; n += 1) {
    webSocket.read(Buffer.concat(pongs));
    await waitFor(() => !webSocket.isBusy, { within, missing: "the pongs are not handled" });
  }
  expect(budget.held).toBe(0);
});
