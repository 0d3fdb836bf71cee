import { ServerResponse } from "node:http";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Metrics } from "../../base/metrics.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { closeStreams } from "../../delivery/close-streams.js";
import type { CohortSource } from "../../delivery/cohort-source.js";
import { Fanout } from "../../delivery/fanout.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import { countResponse } from "../../gateway/gateway.js";
import type { Answer, Headers, Reply, StreamStart } from "../../gateway/http/messages.js";
import { serves } from "../../gateway/http/resource.js";
import { countExtraRequests } from "../../gateway/limits/extra-requests.js";
import { mostMessageBytes } from "../../gateway/limits/connection-limits.js";
import type { HeadLimits } from "../../gateway/limits/request-head.js";
import { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import { handshakeRefused } from "../../gateway/websocket/handshake.js";
import type { DescriptorPlan } from "../../limits/descriptors.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { BoundAddress, Front } from "../front.js";
import type { GatewayPort } from "../gateway-port.js";
import { splitTarget } from "../request-target.js";
import { SocketStreams } from "../http/socket-streams.js";
import { FastifyFiles } from "../http/static/fastify-files.js";
import { VanishedClients, type WatchedClient } from "../http/vanished/vanished-clients.js";
import { StreamChannel } from "../streams/stream-channel.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { HostExchange } from "./host-exchange.js";
import { cutResponse, isHttp1, setHeaders } from "./host-messages.js";
import type { HostRequest, HostResponse } from "./host-messages.js";
import { MountPath } from "./mount-path.js";
import { ResponseTarget } from "./response-target.js";

export interface EmbeddedFrontOptions extends HeadLimits {
  readonly gateway: GatewayPort;
  readonly cohorts: CohortSource;
  /** The path below which the host mounts the hub, as `/live`; empty for none. */
  readonly prefix: string;
  /** The folder of the hub's page; undefined to serve no page. */
  readonly pageDir: string | undefined;
  readonly descriptors: DescriptorPlan;
  /** Read at each use. */
  readonly fanout: FanoutLimits;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** A request for this front, and its response. */
export interface HostCall {
  readonly request: HostRequest;
  readonly response: HostResponse;
  /** Called if the hub serves nothing at the path. @default the hub answers with 404 */
  readonly unserved?: (() => void) | undefined;
}

interface HostFileCall extends HostCall {
  readonly exchange: HostExchange;
}

const inChunks: Headers = [["Transfer-Encoding", "chunked"]];
/** The connection carries nothing after a stream. */
const closing: Headers = [["Connection", "close"]];

/** The headers of a file's response that the host sets itself. */
const headersOfHost: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "date"]);

/**
 * Serves the requests that the server of another program passes on: Node's own, or that of Express or Fastify. The
 * program keeps its server, its routes and its middleware.
 */
export class EmbeddedFront implements Front {
  readonly label = "http";
  readonly name = "embedded";
  /** The gateway counts the bodies. */
  readonly bodyBytes = 0;
  readonly held = 0;
  readonly mount: MountPath;
  readonly #options: EmbeddedFrontOptions;
  readonly #fanout: Fanout<StreamTarget>;
  readonly #streams: SocketStreams;
  readonly #turns: TurnRotation;
  readonly #files: FastifyFiles | undefined;
  readonly #vanished: VanishedClients;
  readonly #watched = new Set<WatchedClient>();
  /** The connections with HTTP/1 whose stream goes through the response. */
  readonly #through = new Map<Socket, ResponseTarget>();
  /** The sockets of upgrades. Node's server no longer knows them. */
  readonly #upgraded = new WeakSet<Socket>();
  #isClosed = false;

  constructor(options: EmbeddedFrontOptions) {
    const { clock, fanout: limits, gateway, pageDir, descriptors, prefix } = options;
    this.#options = options;
    this.mount = new MountPath(prefix);
    const channel = new StreamChannel({ clock, drained: (connection) => this.#fanout.drained(connection) });
    this.#fanout = new Fanout({ ...options, front: "http", channel, limits });
    this.#turns = new TurnRotation(new TurnBudget(clock));
    this.#streams = new SocketStreams({
      ...options,
      fanout: this.#fanout,
      turns: this.#turns,
      messageBytes: Math.min(mostMessageBytes, gateway.bodies.bodyBytes),
      hstsSeconds: 0,
    });
    const openFiles = { most: descriptors.files, count: 0 };
    this.#files = pageDir === undefined ? undefined : new FastifyFiles({ htmlDir: pageDir, openFiles });
    this.#vanished = new VanishedClients({ clients: () => this.#watchedClients(), limits, clock });
  }

  get size(): number {
    return this.#fanout.size;
  }

  get laggards(): number {
    return this.#fanout.laggards;
  }

  async start(): Promise<readonly BoundAddress[]> {
    await this.#files?.ready();
    return [];
  }

  /** The connections belong to the host. */
  drain(): void {}

  endEvenly(overMs: number): Promise<void> {
    return this.#fanout.endEvenly(overMs);
  }

  async settle(): Promise<void> {
    await this.#fanout.whenIdle();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await closeStreams(this.#fanout, this.#options.clock);
    await this.#vanished.close();
    await this.#files?.close();
  }

  /**
   * Answers a request.
   *
   * @throws Error if the host has begun the response already
   */
  handle(call: HostCall): void {
    const { request, response } = call;
    if (response.headersSent || response.writableEnded)
      throw new Error("the response has begun already, so the hub cannot answer this request");
    if (this.#isExtra(request)) return;
    this.#turns.countRequest();
    const target = this.mount.targetOf(request);
    if (target === undefined && call.unserved !== undefined) return call.unserved();
    const exchange = this.#exchange(call, target ?? request.url ?? "/");
    const fault = exchange.head.faultOf(this.#options);
    if (fault !== undefined) return this.#refuse(exchange, fault);
    if (this.#isClosed) return this.#refuse(exchange, new PharosError("closed", "the hub is closed"));
    const { method, path } = exchange.request;
    if (target === undefined) this.#refuse(exchange, notBelow(this.mount.prefix));
    else if (this.#serves(path)) this.#answer(exchange);
    else if (this.#files !== undefined && (method === "GET" || method === "HEAD"))
      void this.#sendFile(this.#files, { ...call, exchange });
    else if (call.unserved === undefined) this.#answer(exchange);
    else call.unserved();
  }

  /**
   * Answers a request with `Upgrade`, whose socket Node's server has given up. Returns false, and does nothing, if the
   * request is for another part of the host.
   *
   * @param rest the bytes behind the head of the request
   */
  upgrade(request: IncomingMessage, socket: Duplex, rest: Buffer): boolean {
    const target = this.mount.below(request.url ?? "/");
    if (target === undefined || !(socket instanceof Socket)) return false;
    if (this.mount.prefix === "" && !this.#serves(splitTarget(target).path)) return false;
    if (rest.length > 0) socket.unshift(rest);
    socket.on("error", () => undefined);
    this.#upgraded.add(socket);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    this.handle({ request, response });
    return true;
  }

  /**
   * True for a further request on a connection with a stream. The response to such a request would appear in the middle of
   * the stream, so the hub sends none.
   */
  #isExtra(request: HostRequest): boolean {
    const { socket } = request;
    const through = this.#through.get(socket);
    if (through === undefined && !this.#streams.has(socket)) return false;
    request.resume();
    if (through === undefined) this.#streams.countExtra(socket, 1);
    else if (countExtraRequests(through, 1, this.#options.metrics)) through.endMisused();
    return true;
  }

  #exchange({ request, response }: HostCall, target: string): HostExchange {
    const { gateway } = this.#options;
    return new HostExchange({
      request,
      response,
      target,
      reservationFor: (each, lifetime) => gateway.bodies.reservationFor(each, lifetime),
      bodyBytes: gateway.bodies.bodyBytes,
    });
  }

  #serves(path: string): boolean {
    return this.#options.gateway.resources.some((each) => serves(each, path));
  }

  #answer(exchange: HostExchange): void {
    const fail = (error: unknown): void => this.#refuse(exchange, error);
    const send = (answer: Answer): void => {
      exchange.body.leave();
      if (answer.kind === "reply") this.#send(exchange, answer);
      else this.#sendStream(exchange, answer);
    };
    try {
      const answer = this.#options.gateway.handle(exchange.request);
      if (answer instanceof Promise) answer.then(send).catch(fail);
      else send(answer);
    } catch (error) {
      fail(error);
    }
  }

  #refuse(exchange: HostExchange, error: unknown): void {
    if (exchange.response.headersSent) return cutResponse(exchange.response);
    this.#send(exchange, this.#options.gateway.refuse(exchange.request, error));
    exchange.body.leave();
  }

  #send(exchange: HostExchange, reply: Reply): void {
    countResponse(this.#options.metrics, "http", reply);
    exchange.send(reply);
  }

  async #sendFile(
    files: FastifyFiles,
    { exchange, unserved, request, response }: HostFileCall,
  ): Promise<void> {
    try {
      const slash = this.mount.withSlash(request);
      if (slash !== undefined) return this.#send(exchange, redirectTo(slash));
      const answer = await files.answer(exchange.request);
      if (answer === undefined) return unserved === undefined ? this.#answer(exchange) : unserved();
      const { status, headers, body } = answer;
      if (exchange.isOver) return void body.destroy();
      response.statusCode = status;
      setHeaders(
        response,
        headers.filter(([name]) => !headersOfHost.has(name.toLowerCase())),
      );
      response.once("close", () => body.destroy());
      body.once("error", () => cutResponse(response));
      body.pipe(response);
    } catch (error) {
      this.#refuse(exchange, error);
    }
  }

  /** Opens a stream if the gateway admits it, or sends the error response. */
  #sendStream(exchange: HostExchange, start: StreamStart): void {
    const { gateway } = this.#options;
    if (exchange.isOver) return start.abandoned?.();
    // A socket that Node's server still reads cannot become a WebSocket.
    if (start.dialogue !== undefined && !this.#upgraded.has(exchange.host.socket)) {
      start.abandoned?.();
      return this.#refuse(exchange, handshakeRefused());
    }
    const refusal = gateway.admit(exchange.request, start, (stream) => this.#openStream(exchange, stream));
    if (refusal !== undefined) this.#send(exchange, refusal);
  }

  #openStream(exchange: HostExchange, start: AdmittedStream<StreamStart>): void {
    countResponse(this.#options.metrics, "http", start);
    const { response, bareSocket: socket } = exchange;
    if (socket === undefined) return this.#openThrough(exchange, start);
    const isDetached = this.#upgraded.has(socket);
    if (isDetached) (response as ServerResponse).detachSocket(socket);
    else
      beginResponse(response, [...start.headers, ...(start.isChunked === true ? inChunks : []), ...closing]);
    this.#streams.open({
      socket,
      start,
      reservationFor: (lifetime) => this.#options.gateway.bodies.reservationFor(exchange.request, lifetime),
      isDetached,
      hasHead: !isDetached,
    });
  }

  #openThrough({ response, host }: HostExchange, start: AdmittedStream<StreamStart>): void {
    beginResponse(response, [...start.headers, ...closing]);
    const target = new ResponseTarget(response, this.#fanout);
    const watched = target.opened(this.#fanout.open(start, { handle: target, head: start.opening }));
    if (watched !== undefined) this.#watched.add(watched);
    const { socket } = host;
    if (isHttp1(response)) this.#through.set(socket, target);
    response.once("close", () => {
      this.#through.delete(socket);
      if (watched !== undefined) this.#watched.delete(watched);
    });
  }

  *#watchedClients(): Iterable<WatchedClient> {
    yield* this.#streams.targets;
    yield* this.#watched;
  }
}

/** Writes the head of a response whose bytes follow later. */
function beginResponse(response: HostResponse, headers: Headers): void {
  setHeaders(response, headers);
  response.writeHead(200);
  if (isHttp1(response)) response.flushHeaders();
}

function notBelow(prefix: string): PharosError {
  return new PharosError("not-found", `the hub serves nothing here, but below ${prefix}`);
}

function redirectTo(location: string): Reply {
  return {
    kind: "reply",
    status: 308,
    headers: [["Location", location]],
    contentLength: 0,
    body: Buffer.alloc(0),
  };
}
