import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { DetachedSockets } from "../../../src/fronts/http/detached-sockets.js";
import { SocketInput } from "../../../src/fronts/http/input/socket-input.js";
import { createNodeServer } from "../../../src/fronts/http/node-server.js";
import { TurnRotation } from "../../../src/gateway/limits/turn-rotation.js";
import { within } from "../../contract/client.js";
import { connectRaw } from "../../support/raw-http.js";
import type { RawConnection } from "../../support/raw-http.js";

interface Served {
  readonly connect: () => Promise<RawConnection>;
  /** The code of each error that a client has caused, and whether its connection was quiet. */
  readonly errors: { readonly code: string | undefined; readonly isQuiet: boolean }[];
}

/** A server with short time-outs. It gets each connection after `prepare`. */
async function serve(prepare: (socket: Socket) => Promise<void> = async () => undefined): Promise<Served> {
  const headLimits = { headBytes: 16_384, headerLines: 100 };
  const turns = new TurnRotation(new TurnBudget(systemClock));
  const input = new SocketInput({ turns, hasToWait: () => false });
  const detached = new DetachedSockets({ opensStream: () => false, isBusy: () => false, headLimits, input });
  const timeouts = { requestWithinMs: 200, checkRequestsMs: 50 };
  const server = createNodeServer({ headLimits, detached, input, timeouts }, (_request, response) => {
    response.end("served");
  });
  const errors: Served["errors"] = [];
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    errors.push({ code: error.code, isQuiet: detached.isQuiet(socket) });
    socket.destroy();
  });
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    void prepare(socket).then(() => {
      server.emit("connection", socket);
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    listener.close();
    server.close();
  });
  const { port } = listener.address() as AddressInfo;
  return { errors, connect: () => connectRaw({ port }) };
}

test("a server that never listens applies the time-outs of requests", async () => {
  // Node starts these time-outs with the event `listening`, which the front emits itself. If a version of Node starts
  // them in another way, slow requests occupy their connections forever.
  const { connect, errors } = await serve();
  const connection = await connect();
  connection.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await connection.readUntil("served", { within });
  connection.write("GET / HTTP/1.1\r\nHost:");
  await connection.readToEnd({ within });
  expect(errors).toEqual([{ code: "ERR_HTTP_REQUEST_TIMEOUT", isQuiet: false }]);
});

test.each([
  ["nothing", "", true],
  ["a part of a request", "GET / HTTP", false],
])("a connection that sent a PROXY header and %s: is it quiet?", async (_name, rest, isQuiet) => {
  // Bug: the bytes of the header counted, so an idle connection got an answer that nobody had asked for.
  const header = "PROXY UNKNOWN\r\n";
  const { connect, errors } = await serve(async (socket) => {
    socket.resume();
    const [bytes] = (await once(socket, "data")) as [Buffer];
    socket.pause();
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
  });
  const connection = await connect();
  connection.write(header + rest);
  await connection.readToEnd({ within });
  expect(errors).toEqual([{ code: "ERR_HTTP_REQUEST_TIMEOUT", isQuiet }]);
});
