import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import type { Lifetime } from "../../base/lifetime.js";
import { keptUntil } from "../../delivery/joining/admitted-stream.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { Connection } from "../../delivery/connection.js";
import type { Fanout } from "../../delivery/fanout.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { countExtraRequests } from "../../gateway/limits/extra-requests.js";
import { encodeStreamHead } from "../../gateway/http/response-head.js";
import type { StreamStart } from "../../gateway/http/messages.js";
import type { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import type { Metrics } from "../../base/metrics.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { strictTransport } from "../strict-transport.js";
import { droppedBytes } from "./input/request-body.js";
import { writeOneByOne } from "./secure/encrypted-write.js";
import { SocketTarget } from "./socket-target.js";
import { WebSocketConnection } from "./websocket-connection.js";

export interface SocketStreamsOptions {
  readonly fanout: Fanout<StreamTarget>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The largest WebSocket message, in bytes. */
  readonly messageBytes: number;
  /** The time for the clients of the front in each turn. */
  readonly turns: TurnRotation;
  /** The seconds of `Strict-Transport-Security` for clients with TLS; 0 for no such header. */
  readonly hstsSeconds: number;
}

/** A stream to open on a socket. */
export interface SocketStream {
  readonly socket: Socket;
  readonly start: AdmittedStream<StreamStart>;
  /** Reserves memory for the messages of a WebSocket's client until the end of the lifetime. */
  readonly reservationFor: (lifetime: Lifetime) => BodyReservation;
  /**
   * True if the socket is detached from Node's HTTP server. {@link SocketStreams} reads the bytes of detached sockets.
   */
  readonly isDetached: boolean;
  /** True if the response head is written already. @default false */
  readonly hasHead?: boolean;
}

const endOfHead = Buffer.from("\r\n\r\n");

/** The streams on sockets of this front. This class also reads the bytes that clients send on detached sockets. */
export class SocketStreams {
  readonly #options: SocketStreamsOptions;
  readonly #targets = new Map<Socket, SocketTarget>();

  constructor(options: SocketStreamsOptions) {
    this.#options = options;
  }

  get targets(): Iterable<SocketTarget> {
    return this.#targets.values();
  }

  has(socket: Socket): boolean {
    return this.#targets.has(socket);
  }

  /**
   * Gives the socket to a stream permanently, and returns the target of the stream. The response head is written at the
   * end of the turn.
   */
  open(stream: SocketStream): SocketTarget {
    const { fanout } = this.#options;
    const { socket, start } = stream;
    const webSocket = this.#createWebSocket(stream, () => target.connection);
    const target = new SocketTarget({ socket, fanout, webSocket, isChunked: start.isChunked });
    target.connection = fanout.open(webSocket === undefined ? start : keptUntil(webSocket.lifetime, start), {
      handle: target,
      head: this.#headOf(stream),
      onRoom: webSocket && (() => webSocket.flushed()),
    });
    this.#targets.set(socket, target);
    if (stream.isDetached) this.#listen(target);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    writeOneByOne(socket);
    socket.on("close", () => {
      this.#targets.delete(socket);
      fanout.closed(target.connection);
      webSocket?.closed();
    });
    if (webSocket === undefined) this.#listenForEnd(socket);
    else socket.once("end", () => webSocket.halfClosed());
    return target;
  }

  /** Call this method when further requests arrive on a connection with a stream. */
  countExtra(socket: Socket, requests: number): void {
    const target = this.#targets.get(socket);
    const { metrics, fanout } = this.#options;
    if (target !== undefined && countExtraRequests(target, requests, metrics))
      fanout.end(target.connection, "misused");
  }

  #headOf({ socket, start, hasHead = false }: SocketStream): Buffer {
    if (hasHead) return start.opening;
    const headers = [...start.headers, ...strictTransport(socket, this.#options.hstsSeconds)];
    return encodeStreamHead({ ...start, headers });
  }

  #createWebSocket(
    { socket, start: { dialogue }, reservationFor }: SocketStream,
    connection: () => Connection<StreamTarget>,
  ): WebSocketConnection | undefined {
    if (dialogue === undefined) return undefined;
    const { fanout, clock, messageBytes, turns } = this.#options;
    return new WebSocketConnection({
      socket,
      clock,
      dialogue,
      turns,
      messageBytes,
      reservationFor,
      onResult: (result) => fanout.reply(connection(), result),
      onEnd: () => fanout.end(connection(), "requested"),
    });
  }

  /**
   * A client of an event stream that ends its side counts as disconnected. Otherwise the front would write to the client
   * until the next heartbeat fails.
   */
  #listenForEnd(socket: Socket): void {
    socket.on("end", destroyThis);
    socket.resume();
  }

  #listen(target: SocketTarget): void {
    const { socket, webSocket } = target;
    socket.on("data", (bytes: Buffer) => {
      if (webSocket !== undefined) return webSocket.read(bytes);
      const begins = /^[A-Z]+ /.test(bytes.toString("latin1", 0, 32));
      if (!begins && !mayBeBody(target, bytes)) return void socket.destroy();
      const heads = countHeads(bytes);
      this.countExtra(socket, begins ? Math.max(1, heads) : heads);
    });
  }
}

function destroyThis(this: Socket): void {
  this.destroy();
}

/** The body of a further request may come in several pieces, each of which may contain the next request. */
function mayBeBody(target: SocketTarget, bytes: Buffer): boolean {
  if (target.extraRequests === 0) return false;
  target.extraBytes += bytes.length;
  return target.extraBytes <= droppedBytes;
}

/** The number of request heads that end in these bytes. */
function countHeads(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(endOfHead); at >= 0; at = bytes.indexOf(endOfHead, at + 4)) count += 1;
  return count;
}
