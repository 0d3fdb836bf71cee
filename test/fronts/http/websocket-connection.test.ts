import { createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { WebSocketConnection } from "../../../src/fronts/http/websocket-connection.js";
import { Lifetime } from "../../../src/base/lifetime.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import { connectRaw, type RawConnection } from "../../support/raw-http.js";
import { clientFrame } from "../../support/web-socket.js";
import { waitFor } from "../../support/wait-for.js";
import { gatewayRequest } from "../../gateway/request.js";

const within = 20_000;

interface Pair {
  readonly end: WebSocketConnection;
  readonly server: Socket;
  readonly client: RawConnection;
  readonly room: BodyBudget;
  readonly taken: string[];
}

async function connect(): Promise<Pair> {
  const listener = createServer();
  onTestFinished(() => void listener.close());
  const accepted = new Promise<Socket>((resolve) => listener.once("connection", resolve));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (typeof address !== "object" || address === null) throw new Error("the listener has no port");
  const client = await connectRaw({ port: address.port });
  const server = await accepted;
  // The client disconnects with unread bytes when the test ends, which causes an `error` event here.
  server.on("error", () => undefined);
  const room = new BodyBudget();
  const taken: string[] = [];
  const end = new WebSocketConnection({
    socket: server,
    clock: systemClock,
    reservation: room.reservationFor(gatewayRequest({}), new Lifetime()),
    messageBytes: 100_000,
    kinds: ["text"],
    take: (message) => {
      taken.push(message.toString());
      return false;
    },
    over: () => undefined,
  });
  return { end, server, client, room, taken };
}

it("answers the latest of many pings alone while the client takes nothing", async () => {
  // If the hub answered every ping, the unread pongs would fill its memory.
  const { end, server, client } = await connect();
  client.pause();
  for (let filled = 0; server.writableLength === 0 && filled < 100; filled += 1)
    server.write(Buffer.alloc(1_000_000));
  expect(server.writableLength).toBeGreaterThan(0);
  const before = server.writableLength;
  for (let n = 1; n <= 1000; n += 1) end.read(clientFrame({ opcode: 9, payload: Buffer.from(`ping ${n}`) }));
  expect(server.writableLength).toBe(before);
  client.resume();
  await waitFor(() => server.writableLength === 0, {
    within,
    missing: "the client has not taken everything",
  });
  end.drained();
  const { bytesWritten } = server;
  await waitFor(() => client.length === bytesWritten, { within, missing: "the client misses bytes" });
  expect(client.bytes.subarray(-11).toString("latin1")).toBe("\x8a\x09ping 1000");
});

it("asks for room for what is not whole, and gives it back", async () => {
  const { end, room, taken } = await connect();
  const frame = clientFrame({ opcode: 1, payload: Buffer.alloc(50_000, "x") });
  for (let at = 0; at < frame.length - 1; at += 10_000)
    end.read(frame.subarray(at, at + 10_000).subarray(0, 9_999));
  expect(room.held).toBeGreaterThan(0);
  expect(taken).toEqual([]);
  end.close(1000);
  expect(room.held).toBe(0);
});

it("holds nothing for pings, however many there were", async () => {
  const { end, room } = await connect();
  for (let n = 0; n < 3000; n += 1) end.read(clientFrame({ opcode: 10, payload: Buffer.from("pong") }));
  expect(room.held).toBe(0);
});

it("holds nothing for pings that come in one piece, however many pieces there were", async () => {
  // Bug: the hub closed a client after 1 MiB of control frames, as if all control frames were still in memory.
  const { end, room } = await connect();
  const pings = Buffer.concat(
    Array.from({ length: 500 }, () => clientFrame({ opcode: 9, payload: Buffer.alloc(120) })),
  );
  for (let n = 0; n < 40; n += 1) end.read(pings);
  expect(room.held).toBe(0);
});
