import fastifyStatic from "@fastify/static";
import Fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { METHODS } from "node:http";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { AccessLog } from "../../access-log/access-log.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { Fanout } from "../../delivery/fanout.js";
import { mostMessageBytes } from "../../gateway/limits/connection-limits.js";
import { countResponse } from "../../gateway/gateway.js";
import { handshakeRefused } from "../../gateway/websocket/handshake.js";
import { encodeHead } from "../../gateway/http/response-head.js";
import type { Answer, Reply, StreamStart } from "../../gateway/http/messages.js";
import { tooLarge } from "../../gateway/limits/request-head.js";
import type { HeadLimits } from "../../gateway/limits/request-head.js";
import type { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import { serves } from "../../gateway/http/resource.js";
import type { CutReason, Metrics } from "../../base/metrics.js";
import type { ReadyConnection, ConnectionClient } from "../listen/intake.js";
import { startsLikeProxyHeader } from "../listen/proxy/starts-like-proxy-header.js";
import { DetachedSockets } from "./detached-sockets.js";
import type { GatewayPort } from "../gateway-port.js";
import type { Exchange } from "./exchange.js";
import { requestPath, routesOf, toFrontRequest } from "./http-request.js";
import { limitOpenFiles } from "./static/limit-open-files.js";
import type { OpenFiles } from "./static/limit-open-files.js";
import { staticFiles } from "./static/static-files.js";
import { BodyMessage } from "./input/body-message.js";
import { knownError } from "./input/known-error.js";
import { RequestBody, dropBody } from "./input/request-body.js";
import { disconnectSignal } from "./input/disconnect-signal.js";
import { SocketInput } from "./input/socket-input.js";
import { createNodeServer } from "./node-server.js";
import { strictTransport } from "../strict-transport.js";
import { SocketStreams } from "./socket-streams.js";
import type { SocketTarget } from "./socket-target.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { RequestAccess } from "./request-access.js";
import { Pipelining } from "./pipelining.js";

export interface Http1FrontOptions extends HeadLimits {
  readonly gateway: GatewayPort;
  readonly fanout: Fanout<StreamTarget>;
  /** The time for the clients of the front in each turn. */
  readonly turns: TurnRotation;
  /** The folder of the page, served at `/`. */
  readonly htmlDir: string;
  /** The seconds of `Strict-Transport-Security` for clients with TLS; 0 for no such header. */
  readonly hstsSeconds: number;
  /** Counts the files that are open, with those of other protocols. */
  readonly openFiles: OpenFiles;
  /** @default none */
  readonly accessLog?: AccessLog | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/**
 * Serves the clients that speak HTTP/1: passes their requests to the gateway, and serves the hub's page. Once the request
 * for a stream is parsed, the stream writes to the socket directly, so that all members of a cohort get identical bytes.
 */
export class Http1Front {
  readonly #options: Http1FrontOptions;
  readonly #app: FastifyInstance;
  readonly #streams: SocketStreams;
  readonly #pipelining = new Pipelining((socket) => this.#input.proceed(socket));
  readonly #detached: DetachedSockets;
  readonly #turns: TurnRotation;
  readonly #input: SocketInput;
  /** The client of each connection, as the intake has found it. */
  readonly #clients = new WeakMap<Socket, ConnectionClient>();
  readonly #access: RequestAccess | undefined;
  #isDraining = false;

  constructor(options: Http1FrontOptions) {
    const { accessLog, gateway, turns } = options;
    this.#options = options;
    this.#access = accessLog && new RequestAccess(accessLog);
    const messageBytes = Math.min(mostMessageBytes, gateway.bodies.bodyBytes);
    this.#turns = turns;
    this.#streams = new SocketStreams({ ...options, messageBytes });
    this.#input = new SocketInput({ turns, hasToWait: (socket) => this.#pipelining.hasToWait(socket) });
    const streams = options.gateway.resources.filter(({ opensStreams }) => opensStreams === true);
    this.#detached = new DetachedSockets({
      opensStream: (url) => {
        const path = requestPath(url);
        return streams.some((each) => serves(each, path));
      },
      isBusy: (socket) => this.#pipelining.isBusy(socket) || this.#streams.has(socket),
      headLimits: options,
      input: this.#input,
    });
    this.#app = this.#createApp();
  }

  /** The open streams. */
  get targets(): Iterable<SocketTarget> {
    return this.#streams.targets;
  }

  /** Resolves when the front can take connections. */
  async ready(): Promise<void> {
    await this.#app.ready();
  }

  /** Serves a connection from which nothing was read. The caller has counted the connection. */
  take(arrival: ReadyConnection): void {
    const { socket } = arrival;
    // A socket from another process lacks this setting. Without it, a client that ends its side gets no answer.
    socket.allowHalfOpen = true;
    this.#clients.set(socket, arrival);
    this.#app.server.emit("connection", socket);
    socket.resume();
  }

  /** From now on, each answer ends its connection. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Connections end after their last answers from now on. Idle connections end now. */
  endConnections(): void {
    this.#detached.endAfterAnswers();
    this.#app.server.close();
  }

  /** Closes all connections at once. Call this when all streams have ended. */
  async close(): Promise<void> {
    this.#app.server.closeAllConnections();
    await this.#app.close();
  }

  #createApp(): FastifyInstance {
    const app = Fastify({
      serverFactory: (handler): Server =>
        createNodeServer(
          { headLimits: this.#options, detached: this.#detached, input: this.#input },
          handler,
        ),
      exposeHeadRoutes: false,
      forceCloseConnections: false,
      return503OnClosing: false,
      clientErrorHandler: (error, socket) => this.#refuseMalformed(error, socket),
      // For a path that cannot be decoded. By default, Fastify answers such a request in its own format, and out of turn.
      frameworkErrors: (error, request, reply) =>
        this.#enqueue(request, reply, () => void this.#fail(error, request, reply)),
    });
    // Fastify must not look at bodies. The gateway first checks the client's right to send one, and then the type.
    for (const method of METHODS) app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    app.decorateRequest("exchange", undefined);
    app.addHook("onRequest", (request, reply, done) => this.#enqueue(request, reply, done));
    app.setErrorHandler((error, request, reply) => this.#fail(error, request, reply));
    app.setNotFoundHandler((request, reply) => this.#answer(request, reply));
    for (const route of routesOf(this.#options.gateway.resources))
      app.get(route, (request, reply) => this.#answer(request, reply));
    void app.register(async (files) => {
      limitOpenFiles(files, this.#options.openFiles);
      await files.register(fastifyStatic, staticFiles(this.#options.htmlDir));
    });
    return app;
  }

  #strictTransport(socket: Socket): ReturnType<typeof strictTransport> {
    return strictTransport(socket, this.#options.hstsSeconds);
  }

  #cut(socket: Socket, reason: CutReason): void {
    if (socket.destroyed) return;
    this.#options.metrics.count("connections_cut_total", 1, { reason });
    socket.destroy();
  }

  #answer(request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const { gateway } = this.#options;
    this.#turns.countRequest();
    const exchange = this.#exchangeOf(request, reply);
    const send = (answer: Answer): FastifyReply => {
      if (exchange.body.endsConnection) void reply.header("Connection", "close");
      exchange.body.leave();
      return answer.kind === "reply" ? this.#sendReply(reply, answer) : this.#sendStream(exchange, answer);
    };
    const answer = gateway.handle(exchange.request);
    return answer instanceof Promise ? answer.then(send) : send(answer);
  }

  #exchangeOf(request: FastifyRequest, reply: FastifyReply): Exchange {
    request.exchange ??= this.#createExchange(request, reply);
    return request.exchange;
  }

  #createExchange(request: FastifyRequest, reply: FastifyReply): Exchange {
    const { gateway } = this.#options;
    const body = new RequestBody({
      request: BodyMessage.of(request.raw),
      response: reply.raw,
      reserve: (lifetime) => gateway.bodies.reservationFor(exchange.request, lifetime),
      mostBytes: gateway.bodies.bodyBytes,
      cut: () => this.#cut(request.raw.socket, "body"),
    });
    const exchange: Exchange = {
      request: toFrontRequest(request, {
        client: this.#clientOf(request),
        body: () => body.read(),
        disconnectSignal: () => disconnectSignal(reply.raw, this.#detached),
        identified: this.#access && ((subject) => exchange.access?.identified(subject)),
      }),
      body,
      reply,
      access: undefined,
    };
    return exchange;
  }

  #sendReply(reply: FastifyReply, answer: Reply): FastifyReply {
    this.#count(answer);
    this.#endIfDraining(reply);
    return sendReply(reply, answer);
  }

  /** Opens a stream if the gateway admits it, or sends the error response. */
  #sendStream(exchange: Exchange, start: StreamStart): FastifyReply {
    const { request, reply } = exchange;
    const { gateway } = this.#options;
    const refusal = gateway.admit(request, start, (stream) => this.#startStream(exchange, stream));
    return refusal === undefined ? reply : this.#sendReply(reply, refusal);
  }

  #fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { gateway } = this.#options;
    void reply.header("Connection", "close");
    const refusal = gateway.refuse(this.#exchangeOf(request, reply).request, knownError(error) ?? error);
    return this.#sendReply(reply, refusal);
  }

  #clientOf(request: FastifyRequest): ConnectionClient {
    const client = this.#clients.get(request.raw.socket);
    if (client === undefined) throw new Error("the front has not taken this connection");
    return client;
  }

  #count(answer: Answer): void {
    countResponse(this.#options.metrics, "http", answer);
  }

  /**
   * Node's response object adds chunk sizes and buffers a copy for each client, so a stream writes to the socket
   * directly.
   */
  #startStream({ request, reply, access }: Exchange, start: AdmittedStream<StreamStart>): void {
    const { gateway } = this.#options;
    const { socket } = reply.request.raw;
    // The socket must be detached: on an attached socket, Node's server parses the bytes after the handshake as
    // requests.
    if (start.dialogue !== undefined && !this.#detached.has(socket)) {
      start.abandoned?.();
      this.#sendReply(reply, gateway.refuse(request, handshakeRefused()));
      return;
    }
    this.#count(start);
    void reply.hijack();
    // The client disconnected before the response, so the front opens no stream. The socket has already emitted `end`,
    // and does not emit it again.
    if (socket.destroyed || socket.readableEnded) {
      socket.destroy();
      start.abandoned?.();
      return;
    }
    const isDetached = this.#detached.has(socket);
    const stream = this.#streams.open({
      socket,
      start,
      reservationFor: (lifetime) => gateway.bodies.reservationFor(request, lifetime),
      isDetached,
    });
    access?.stream(stream, start.topics);
    // A detached socket has no further requests. Streams are many, so each byte counts.
    if (isDetached) this.#clients.delete(socket);
    this.#detached.keep(socket, reply.raw);
    this.#pipelining.release(socket);
  }

  #enqueue(request: FastifyRequest, reply: FastifyReply, proceed: () => void): void {
    const { socket } = request.raw;
    if (this.#isExtra(request, reply)) return;
    this.#pipelining.add(socket, reply.raw, () => {
      if (this.#isExtra(request, reply)) return;
      this.#beginAccess(request, reply);
      this.#checkHead(request, reply, proceed);
    });
  }

  #beginAccess(request: FastifyRequest, reply: FastifyReply): void {
    if (this.#access === undefined) return;
    const exchange = this.#exchangeOf(request, reply);
    exchange.access = this.#access.begin(exchange.request, reply.raw);
  }

  #checkHead(request: FastifyRequest, reply: FastifyReply, proceed: () => void): void {
    const { head } = BodyMessage.of(request.raw);
    for (const [name, value] of this.#strictTransport(request.raw.socket)) void reply.header(name, value);
    // Files get no answer of the gateway.
    this.#endIfDraining(reply);
    // The bytes behind the head may be meant for the other end of a tunnel [RFC 9110 9.3.6].
    if (request.raw.method === "CONNECT") void reply.header("Connection", "close");
    const fault = head.faultOf(this.#options);
    if (fault === undefined) proceed();
    else this.#fail(fault, request, reply);
  }

  /** The client learns that this answer is the last one of its connection [RFC 9112 9.6]. */
  #endIfDraining(reply: FastifyReply): void {
    if (this.#isDraining) void reply.header("Connection", "close");
  }

  /**
   * True for a further request on a connection with a stream. A response to such a request would appear in the middle
   * of the stream, so the front sends none.
   */
  #isExtra(request: FastifyRequest, reply: FastifyReply): boolean {
    const { socket } = request.raw;
    if (!this.#streams.has(socket)) return false;
    void reply.hijack();
    dropBody(BodyMessage.of(request.raw), () => this.#cut(socket, "body"));
    this.#streams.countExtra(socket, 1);
    return true;
  }

  /**
   * Handles bytes that Node's parser rejects. The client gets an error response in the format of all other errors,
   * unless its connection carries a stream.
   */
  #refuseMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
    this.#input.ignore(socket);
    // If no request has begun, the front sends no response. The client would take it as the response to its next
    // request.
    const isUnasked = error.code === "ERR_HTTP_REQUEST_TIMEOUT" && this.#detached.isQuiet(socket);
    if (isUnasked || error.code === "ECONNRESET" || !socket.writable || this.#streams.has(socket)) {
      socket.destroy();
      return;
    }
    const refusal =
      error.code === "HPE_HEADER_OVERFLOW"
        ? tooLarge(`${this.#options.headBytes} bytes`)
        : new PharosError("bad-request", faultOf(error));
    this.#pipelining.breakOff(socket, () => this.#writeRefusal(refusal, socket));
  }

  #writeRefusal(refusal: PharosError, socket: Socket): void {
    const reply = this.#options.gateway.refuse(undefined, refusal);
    this.#count(reply);
    const head = [
      ...reply.headers,
      ...this.#strictTransport(socket),
      ["Content-Length", String(reply.body.length)],
      ["Connection", "close"],
    ] as const;
    const bytes = Buffer.concat([encodeHead(reply.status, head), reply.body]);
    this.#access?.refused(this.#clients.get(socket)?.peer, { status: reply.status, bytes: bytes.length });
    socket.end(bytes);
  }
}

/** What is wrong with the bytes that Node's parser has got last. Node adds these bytes to its error. */
function faultOf(error: Error): string {
  const bytes: unknown = Reflect.get(error, "rawPacket");
  if (Buffer.isBuffer(bytes) && startsLikeProxyHeader(bytes))
    return "this is a PROXY header, which the hub accepts only from proxies that --proxy-protocol names";
  if (Reflect.get(error, "code") === "HPE_PAUSED_H2_UPGRADE")
    return "this is HTTP/2, which the hub accepts without TLS only from proxies that --trusted-proxy names";
  return "this is not a well-formed HTTP request";
}

function sendReply(reply: FastifyReply, answer: Reply): FastifyReply {
  for (const [name, value] of answer.headers) void reply.header(name, value);
  if (answer.contentLength !== undefined) void reply.header("Content-Length", answer.contentLength);
  return reply.code(answer.status).send(answer.body.length === 0 ? undefined : answer.body);
}
