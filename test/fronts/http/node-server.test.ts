import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { DetachedSockets } from "../../../src/fronts/http/detached-sockets.js";
import { SocketInput } from "../../../src/fronts/http/input/socket-input.js";
import { createNodeServer } from "../../../src/fronts/http/node-server.js";
import { TurnRotation } from "../../../src/gateway/limits/turn-rotation.js";
import { within } from "../../contract/client.js";
import { connectRaw } from "../../support/raw-http.js";

test("a server that never listens applies the time-outs of requests", async () => {
  // Node starts these time-outs with the event `listening`, which the front emits itself. If a version of Node starts
  // them in another way, slow requests occupy their connections forever.
  const headLimits = { headBytes: 16_384, headerLines: 100 };
  const turns = new TurnRotation(new TurnBudget(systemClock));
  const input = new SocketInput({ turns, hasToWait: () => false });
  const detached = new DetachedSockets({ opensStream: () => false, isBusy: () => false, headLimits, input });
  const timeouts = { requestWithinMs: 200, checkRequestsMs: 50 };
  const server = createNodeServer({ headLimits, detached, input, timeouts }, (_request, response) => {
    response.end("served");
  });
  const timedOut: (string | undefined)[] = [];
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    timedOut.push(error.code);
    socket.destroy();
  });
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    server.emit("connection", socket);
    socket.resume();
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    listener.close();
    server.close();
  });
  const { port } = listener.address() as AddressInfo;
  const connection = await connectRaw({ port });
  connection.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await connection.readUntil("served", { within });
  connection.write("GET / HTTP/1.1\r\nHost:");
  await connection.readToEnd({ within });
  expect(timedOut).toEqual(["ERR_HTTP_REQUEST_TIMEOUT"]);
});
