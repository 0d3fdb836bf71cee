import { ServerResponse } from "node:http";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { HeadLimits } from "../../gateway/limits/request-head.js";
import { BodyMessage } from "./input/body-message.js";
import type { SocketInput } from "./input/socket-input.js";

export interface DetachedSocketsOptions {
  /** True if a resource at this URL may open a stream. */
  readonly opensStream: (url: string) => boolean;
  /**
   * True while earlier requests of the connection are unanswered. To answer these requests, Node needs its own state of
   * the connection.
   */
  readonly isBusy: (socket: Socket) => boolean;
  readonly headLimits: HeadLimits;
  /** Passes the bytes of attached sockets on to Node's HTTP server. */
  readonly input: Pick<SocketInput, "release">;
}

/**
 * Detaches a socket from Node's HTTP server before the front answers a request that may open a stream. If no stream
 * opens, the front attaches the socket again. An attached connection keeps 12.3 KB of memory until it ends: a parser, a
 * request and a response. A detached connection needs 5.2 KB, including its stream [10,000 idle streams, Node 20].
 *
 * Node detaches a socket when the request asks for another protocol (`Upgrade`). So this class sets `upgrade` on each
 * request that it detaches. Only a request without a body can be detached, because Node stops parsing at the end of the
 * head.
 */
export class DetachedSockets {
  readonly #options: DetachedSocketsOptions;
  readonly #sockets = new WeakSet<Socket>();
  /** The bytes of each socket that were read before the server last got the socket: a PROXY header, or requests. */
  readonly #readBefore = new WeakMap<Socket, number>();

  #endsAfterAnswers = false;

  constructor(options: DetachedSocketsOptions) {
    this.#options = options;
  }

  /** The request class for creating the server. */
  messageClass(): typeof BodyMessage {
    const mayDetach = (message: BodyMessage): boolean => this.#mayDetach(message);
    // Node's HTTP server sets `upgrade` when it has parsed a request head, and reads `upgrade` before it emits the
    // request.
    return class extends BodyMessage {
      get upgrade(): boolean {
        return mayDetach(this);
      }

      set upgrade(_value: boolean) {
        // The front ignores the protocol that the client asks for in `Upgrade` [RFC 9110 7.8].
      }
    };
  }

  /** Answers requests of detached sockets through the server's `request` event, like all other requests. */
  attach(server: Server): void {
    server.on("connection", (socket: Socket) => {
      this.#readBefore.set(socket, socket.bytesRead - socket.readableLength);
    });
    server.on("upgrade", (message: BodyMessage, socket: Socket, rest: Buffer) => {
      this.#sockets.add(socket);
      this.#readBefore.delete(socket);
      this.#options.input.release(socket);
      // Node has removed its own `error` listener from the socket.
      socket.on("error", ignore);
      if (rest.length > 0) socket.unshift(rest);
      const response = new ServerResponse(message);
      response.shouldKeepAlive = message.head.staysOpen;
      response.assignSocket(socket);
      response.once("finish", () => this.#end(server, socket, response));
      server.emit("request", message, response);
    });
  }

  /** True if the socket is detached. The caller has to read from a detached socket. */
  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /**
   * True if no byte of a request has arrived since the server last got the connection. After a while, Node reports a
   * time-out for such a connection, as if its first request were too slow.
   */
  isQuiet(socket: Socket): boolean {
    return socket.bytesRead === (this.#readBefore.get(socket) ?? 0);
  }

  /** Ends each connection after its answer from now on, and attaches no socket again. The front stops. */
  endAfterAnswers(): void {
    this.#endsAfterAnswers = true;
  }

  /** The connection carries a stream now: frees its request and response. */
  keep(socket: Socket, response: ServerResponse): void {
    if (this.#sockets.has(socket)) response.detachSocket(socket);
  }

  #end(server: Server, socket: Socket, response: ServerResponse): void {
    response.detachSocket(socket);
    response.emit("close");
    const isLast = !response.shouldKeepAlive || response.getHeader("connection") === "close";
    if (isLast || this.#endsAfterAnswers) {
      socket.destroySoon();
      return;
    }
    this.#sockets.delete(socket);
    socket.off("error", ignore);
    server.emit("connection", socket);
    // The release has paused a socket with further requests.
    socket.resume();
  }

  #mayDetach(message: BodyMessage): boolean {
    const { method, url = "", socket, head } = message;
    const { opensStream, isBusy, headLimits } = this.#options;
    if (method !== "GET" || head.hasBody || head.waitsToContinue || head.faultOf(headLimits) !== undefined)
      return false;
    return opensStream(url) && !isBusy(socket);
  }
}

function ignore(): void {}
