import type { AccessLog } from "../../access-log/access-log.js";
import type { Clock } from "../../base/clock.js";
import { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import { keptUntil } from "../../delivery/joining/admitted-stream.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import { closeStreams } from "../../delivery/close-streams.js";
import type { Connection } from "../../delivery/connection.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import { Fanout } from "../../delivery/fanout.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import { LocalCohorts } from "../../delivery/local-cohorts.js";
import { countResponse } from "../../gateway/gateway.js";
import { mostMessageBytes } from "../../gateway/limits/connection-limits.js";
import { countExtraRequests } from "../../gateway/limits/extra-requests.js";
import { handshakeRefused } from "../../gateway/websocket/handshake.js";
import type { Gateway } from "../../gateway/gateway.js";
import { encodeStreamHead, lastChunk } from "../../gateway/http/response-head.js";
import type { Answer, Dialogue, GatewayRequest, Reply, StreamStart } from "../../gateway/http/messages.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Hub } from "../../hub/hub.js";
import type { Logger } from "../../base/log.js";
import type { CutReason, Metrics } from "../../base/metrics.js";
import { Link } from "./link/link.js";
import type { ConnectLink } from "./link/sockets.js";
import type { Front, LinkState } from "../front.js";
import { Targets } from "./link/targets.js";
import type { Mongrel2Request } from "./wire/request.js";
import {
  bodyBytesOf,
  createClient,
  dropRequests,
  type Client,
  type ClientRequest,
  type Unreadable,
} from "./client.js";
import { LinkAccess } from "./link-access.js";
import { LinkChannel } from "./link-channel.js";
import type { StreamId } from "./link-channel.js";
import { createPendingRequest } from "./pending-request.js";
import type { PendingRequest } from "./pending-request.js";
import { encodeReply, malformedRequest, uploadRefused } from "./requests.js";
import { Mongrel2WebSocket } from "./mongrel2-websocket.js";

export interface Mongrel2FrontOptions {
  /** The name of the link in metrics and log lines. The name is unique among the hub's outlets. */
  readonly name: string;
  readonly sendSpec: string;
  readonly recvSpec: string;
  readonly controlSpec?: string;
  readonly recordFile?: string;
  /** The largest number of ids in one message. */
  readonly targets: number;
  /** The interval of keep-alive messages, in milliseconds; 0 means no keep-alive. */
  readonly keepAliveMs: number;
  readonly roundBytes: number;
  readonly windowBytes: number;
  /** Connects to the server. @default over ZeroMQ */
  readonly connect?: ConnectLink | undefined;
  readonly gateway: Gateway;
  readonly hub: Hub;
  readonly fanout: FanoutLimits;
  /** @default none */
  readonly accessLog?: AccessLog | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The front behind one Mongrel2 server. The front passes the server's requests to the gateway, and sends rounds over
 * the link.
 */
export class Mongrel2Front implements Front {
  readonly label = "mongrel2";
  /** The gateway counts the bodies. */
  readonly bodyBytes = 0;
  readonly name: string;
  readonly #options: Mongrel2FrontOptions;
  readonly #link: Link;
  readonly #channel: LinkChannel;
  readonly #fanout: Fanout<StreamId>;
  readonly #turns: TurnRotation;
  readonly #clients = new Map<number, Client>();
  readonly #access: LinkAccess | undefined;

  constructor(options: Mongrel2FrontOptions) {
    this.name = options.name;
    this.#options = options;
    this.#turns = new TurnRotation(new TurnBudget(options.clock));
    this.#access = options.accessLog && new LinkAccess(options.accessLog);
    this.#link = this.#createLink();
    this.#channel = new LinkChannel({
      link: this.#link,
      targets: options.targets,
      roundBytes: options.roundBytes,
      windowBytes: options.windowBytes,
      bytes: this.#access?.bytes,
      lastBytes: (id, reason) => this.#lastBytes(id, reason),
      ended: (id) => this.#forget(id),
    });
    this.#fanout = new Fanout({
      front: "mongrel2",
      cohorts: new LocalCohorts({ name: options.name, hub: options.hub }),
      channel: this.#channel,
      clock: options.clock,
      metrics: options.metrics,
      limits: options.fanout,
    });
  }

  get size(): number {
    return this.#fanout.size;
  }

  get laggards(): number {
    return this.#fanout.laggards;
  }

  get held(): number {
    return this.#clients.size;
  }

  get linkState(): LinkState {
    return this.#link.state;
  }

  get isShared(): boolean {
    return this.#link.secondHub.isThere;
  }

  async start(): Promise<readonly []> {
    this.#link.start();
    return [];
  }

  /** Mongrel2 holds the connections of the clients. */
  drain(): void {}

  endEvenly(overMs: number): Promise<void> {
    return this.#fanout.endEvenly(overMs);
  }

  async settle(): Promise<void> {
    if (this.#link.state === "up") await this.#fanout.whenIdle();
  }

  async close(): Promise<void> {
    await closeStreams(this.#fanout, this.#options.clock);
    await this.#link.close();
  }

  #lastBytes(id: number, reason: EndReason): Buffer | undefined {
    const client = this.#clients.get(id);
    return client?.isChunked === true ? lastChunk : client?.webSocket?.lastFrame(reason);
  }

  #createLink(): Link {
    const { name, sendSpec, recvSpec, controlSpec, recordFile, targets, keepAliveMs } = this.#options;
    const { clock, logger, metrics, windowBytes, connect } = this.#options;
    return new Link({
      name,
      sendSpec,
      recvSpec,
      ...(controlSpec === undefined ? {} : { controlSpec }),
      ...(recordFile === undefined ? {} : { recordFile }),
      targets,
      keepAliveMs,
      limits: { windowBytes },
      connect,
      clock,
      logger,
      metrics,
      events: {
        request: (request) => this.#receive(request.id, request),
        malformed: ({ id, isTooLarge = false }) => {
          if (id !== undefined) this.#receive(id, isTooLarge ? "too-large" : "malformed");
        },
        disconnected: (id) => this.#disconnected(id),
        drained: (ids) => {
          for (const id of ids) this.#drained(id);
        },
        up: () => logger.info({ link: name }, "the link is up"),
        down: () => this.#linkLost(),
        stuck: () => this.#fanout.stall(),
        recovered: () => undefined,
      },
    });
  }

  #receive(id: number, request: Mongrel2Request | Unreadable): void {
    let client = this.#clients.get(id);
    if (client === undefined) {
      if (typeof request !== "string" && request.webSocket !== undefined) return this.#stray(id);
      client = createClient(id);
      this.#clients.set(id, client);
    }
    if (client.closing) return;
    const { webSocket } = client;
    if (webSocket !== undefined && typeof request === "string") {
      // After the handshake, Mongrel2 sends nothing but frames of this client.
      webSocket.onMalformed(request);
    } else if (webSocket !== undefined && typeof request !== "string" && request.webSocket !== undefined) {
      webSocket.onFrame(request.webSocket, request.body);
    } else if (client.stream !== undefined) {
      this.#extra(client, client.stream);
    } else if (client.requests.isFull) {
      this.#close(client, "pipelining");
    } else {
      this.#enqueue(client, request);
    }
  }

  /**
   * Closes a connection that sends WebSocket frames but has no WebSocket in this hub. The front sends no error
   * response, because the client would parse any answer as frames.
   */
  #stray(id: number): void {
    this.#close({ id }, "stray-frames");
  }

  /**
   * Adds a request to the queue of its connection, because Mongrel2 reads further requests while one request is
   * unanswered. All waiting bodies of a connection together may be as large as the largest single body.
   */
  #enqueue(client: Client, request: Mongrel2Request | Unreadable): void {
    const { bodies } = this.#options.gateway;
    client.requests.add(typeof request === "string" ? request : createPendingRequest(request, bodies));
    if (bodyBytesOf(client) > bodies.bodyBytes) this.#close(client, "pipelining");
    else this.#next(client);
  }

  /** Answers the next request, unless an answer is being sent: each connection gets one message at a time. */
  #next(client: Client): void {
    const request = client.requests.next();
    if (request !== undefined) this.#answer(client, request);
    else if (!client.requests.isBusy) this.#forget(client.id);
  }

  #answer(client: Client, pending: ClientRequest): void {
    const { gateway } = this.#options;
    if (typeof pending === "string") {
      this.#access?.beginUnread(client.id);
      this.#reply(client, gateway.refuse(undefined, malformedRequest()), { close: true });
    } else if (pending.upload) {
      this.#access?.begin(client.id, pending.request);
      pending.leave();
      this.#reply(client, gateway.refuse(pending.request, uploadRefused()), { close: true });
    } else {
      const request = this.#access?.begin(client.id, pending.request) ?? pending.request;
      const send = (answer: Answer): void => this.#send(client, answer, pending);
      const answer = gateway.handle(request);
      // The memory of the body stays reserved until the gateway has answered, even if the client has disconnected.
      if (answer instanceof Promise) {
        client.unanswered = pending;
        this.#await(client, answer.finally(pending.leave), send);
      } else {
        pending.leave();
        send(answer);
      }
    }
  }

  /**
   * Opens a stream, or returns the error response. Refuses a WebSocket if the server has not reported its handshake.
   * Without a handshake, the server does not expect frames on the connection.
   */
  #open(client: Client, start: StreamStart, { request, isHandshake }: PendingRequest): Reply | undefined {
    const { gateway } = this.#options;
    if (start.dialogue === undefined || isHandshake)
      return gateway.admit(request, start, (stream) => this.#startStream(client, stream, request));
    start.abandoned?.();
    return gateway.refuse(request, handshakeRefused());
  }

  /**
   * Waits for an answer, and meanwhile handles no further request of the connection. If the client disconnects before
   * the answer, the front drops the answer.
   */
  #await(client: Client, answer: Promise<Answer>, send: (answer: Answer) => void): void {
    void answer.then((later) => {
      if (this.#clients.get(client.id) !== client || client.closing) {
        if (later.kind === "stream") later.abandoned?.();
        return;
      }
      client.unanswered = undefined;
      send(later);
    });
  }

  #send(client: Client, answer: Answer, pending: PendingRequest): void {
    const reply = answer.kind === "reply" ? answer : this.#open(client, answer, pending);
    if (reply !== undefined) this.#reply(client, reply, { close: pending.closes });
  }

  #reply(client: Client, reply: Reply, options: { readonly close: boolean }): void {
    countResponse(this.#options.metrics, "mongrel2", reply);
    client.closing = options.close;
    client.rest = encodeReply(reply, options);
    this.#access?.replied(client.id, { status: reply.status, bytes: client.rest.length });
    this.#deliverRest(client);
  }

  /**
   * Sends the next piece of the answer. A server with flow control closes a connection with more than 100 KiB of
   * unwritten data, so long answers are sent in pieces.
   */
  #deliverRest(client: Client): void {
    const { targets, roundBytes } = this.#options;
    const piece = client.rest.subarray(0, roundBytes);
    client.rest = client.rest.subarray(piece.length);
    this.#link.deliver(new Targets([client.id], targets), piece);
  }

  #startStream(client: Client, start: AdmittedStream<StreamStart>, request: GatewayRequest): void {
    const { dialogue } = start;
    countResponse(this.#options.metrics, "mongrel2", start);
    this.#access?.streams(client.id, start);
    this.#link.opened(client.id);
    const head = encodeStreamHead(start);
    const onRoom = (): void => client.webSocket?.flushed();
    const webSocket =
      dialogue === undefined
        ? undefined
        : this.#createWebSocket(client, dialogue, { request, stream: () => stream });
    const kept = webSocket === undefined ? start : keptUntil(webSocket.lifetime, start);
    const stream = this.#fanout.open(kept, { handle: client.id, head, onRoom });
    client.stream = stream;
    client.isChunked = start.isChunked === true;
    client.webSocket = webSocket;
    for (let extras = dropRequests(client); extras > 0; extras -= 1) this.#extra(client, stream);
  }

  #createWebSocket(
    client: Client,
    dialogue: Dialogue,
    { request, stream }: { readonly request: GatewayRequest; readonly stream: () => Connection<StreamId> },
  ): Mongrel2WebSocket {
    const { gateway, clock } = this.#options;
    const { bodies } = gateway;
    return new Mongrel2WebSocket({
      dialogue,
      clock,
      turns: this.#turns,
      messageBytes: Math.min(mostMessageBytes, bodies.bodyBytes),
      reservationFor: (lifetime) => bodies.reservationFor(request, lifetime),
      onResult: (result) => this.#fanout.reply(stream(), result),
      onEnd: () => {
        this.#link.ignore(client.id);
        this.#fanout.end(stream(), "requested");
        this.#channel.flush();
      },
    });
  }

  /**
   * A further request on the connection of a stream gets no answer, because the answer would appear in the middle of
   * the stream.
   */
  #extra(client: Client, stream: Connection<StreamId>): void {
    if (!countExtraRequests(client, 1, this.#options.metrics)) return;
    client.closing = true;
    this.#fanout.end(stream, "misused");
    this.#channel.flush();
  }

  #drained(id: number): void {
    const client = this.#clients.get(id);
    if (client === undefined) return;
    if (client.stream !== undefined) {
      this.#fanout.drained(client.stream);
      if (client.closing) this.#channel.flush();
      return;
    }
    if (client.rest.length > 0) {
      this.#deliverRest(client);
      return;
    }
    this.#access?.answered(client.id);
    client.requests.answered();
    if (client.closing) this.#close(client);
    else this.#next(client);
  }

  #close(client: Pick<Client, "id">, reason?: CutReason): void {
    if (reason !== undefined) this.#options.metrics.count("connections_cut_total", 1, { reason });
    this.#forget(client.id);
    this.#link.closeConnections(new Targets([client.id], this.#options.targets));
  }

  #disconnected(id: number): void {
    const client = this.#clients.get(id);
    this.#forget(id);
    if (client?.stream !== undefined) this.#fanout.closed(client.stream);
  }

  /** Forgets a connection, and drops its waiting requests. */
  #forget(id: number): void {
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    if (client === undefined) return;
    this.#access?.ended(id);
    dropRequests(client);
    client.unanswered?.onDisconnect();
    client.webSocket?.closed();
  }

  /** The link is down, and all ids are invalid. The clients reconnect and get new ids. */
  #linkLost(): void {
    this.#fanout.dropAll();
    this.#channel.reset();
    for (const id of this.#clients.keys()) this.#forget(id);
  }
}
