import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { Socket } from "node:net";
import { nodeHeadLimits } from "../../gateway/limits/request-head.js";
import type { HeadLimits } from "../../gateway/limits/request-head.js";
import type { DetachedSockets } from "./detached-sockets.js";
import { watchClientEnd } from "./input/client-end.js";
import type { SocketInput } from "./input/socket-input.js";

/**
 * The time-out for receiving a whole request, in milliseconds. Without a time-out, a client that sends one byte at a
 * time occupies its connection forever. Node allows 60 s for the head of a request. If the time-out for the whole
 * request is shorter than 60 s, Node swaps the two time-outs.
 */
const requestWithinMs = 60_000;

/**
 * The time that an idle connection stays open, in milliseconds. Proxies close idle connections earlier (nginx after 60
 * s), so that the proxy and not the hub closes the connection.
 */
const keepAliveMs = 72_000;

/** The time between two checks for requests that are too slow, in milliseconds: Node's default. */
const checkRequestsMs = 30_000;

export interface NodeServerOptions {
  readonly headLimits: HeadLimits;
  readonly detached: DetachedSockets;
  readonly input: SocketInput;
  /** @default 60,000 ms for a request, checked every 30,000 ms */
  readonly timeouts?: { readonly requestWithinMs: number; readonly checkRequestsMs: number };
}

/**
 * Creates Node's HTTP server for the front. The server passes each request to `listener`, also a request that Node would
 * answer itself: one without `Host`, or with an `Expect` header. The server never listens: emit `connection` for each
 * connection.
 */
export function createNodeServer(options: NodeServerOptions, listener: RequestListener): Server {
  const { headLimits, detached, input } = options;
  const timeouts = { requestWithinMs, checkRequestsMs, ...options.timeouts };
  const { maxHeaderSize, maxHeadersCount } = nodeHeadLimits(headLimits);
  const server = createServer({
    maxHeaderSize,
    requestTimeout: timeouts.requestWithinMs,
    connectionsCheckingInterval: timeouts.checkRequestsMs,
    keepAliveTimeout: keepAliveMs,
    requireHostHeader: false,
    IncomingMessage: detached.messageClass(),
  });
  server.maxHeadersCount = maxHeadersCount;
  // A client may end its side after its last request. Without this setting, which Node does not document, Node would
  // then end the hub's side at once, and drop all answers that are not sent yet.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("request", (request, response) => {
    // The parser goes on after the end of the connection, up to the end of its bytes.
    if (!request.socket.destroyed) listener(request, response);
  });
  const emitRequest: RequestListener = (request, response) => void server.emit("request", request, response);
  server.on("checkContinue", emitRequest).on("checkExpectation", emitRequest);
  server.on("connection", (socket: Socket) => {
    watchClientEnd(socket);
    input.intercept(socket);
  });
  detached.attach(server);
  applyTimeouts(server);
  return server;
}

/**
 * Makes a server that never listens apply its time-outs of requests. Node begins to apply them at the event `listening`
 * [setupConnectionsTracking in lib/_http_server.js].
 */
export function applyTimeouts(server: Server): void {
  server.emit("listening");
}
