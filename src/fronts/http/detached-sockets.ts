import { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { Socket } from "node:net";

export interface DetachedSocketsOptions {
  /** True when what is at this URL may open a stream. */
  readonly opensStream: (url: string) => boolean;
  /** True while earlier requests of the connection are not answered: their answers need what Node holds for it. */
  readonly isBusy: (socket: Socket) => boolean;
}

/**
 * Takes connections out of Node's HTTP server before a request that may open a stream is answered, and puts them back
 * when it was answered otherwise. A connection in there costs 12.3 KB as long as it lives, its parser and its request
 * and response included; out of there 5.2 KB, a stream's own share included [10,000 idle streams, Node 20].
 *
 * Node does it for requests that change the protocol; so such a request says that it does. Only a request of a head
 * alone can: where its end is found nothing else of it comes.
 */
export class DetachedSockets {
  readonly #options: DetachedSocketsOptions;
  readonly #sockets = new WeakSet<Socket>();
  /** How much had been read of connections when they came back. */
  readonly #readBefore = new WeakMap<Socket, number>();

  constructor(options: DetachedSocketsOptions) {
    this.#options = options;
  }

  /** The class of messages for the server. */
  messageClass(): typeof IncomingMessage {
    const mayLeave = (message: IncomingMessage): boolean => this.#mayLeave(message);
    // Node sets `upgrade` when it has read the head, and asks for it before it passes the request on.
    return class extends IncomingMessage {
      get upgrade(): boolean {
        return this.method === "CONNECT" || mayLeave(this);
      }

      set upgrade(_value: boolean) {
        // What a client asks to change to is ignored [RFC 9110 7.8].
      }
    };
  }

  /** Answers the requests of connections that have left as the server answers all others. */
  attach(server: Server): void {
    server.on("upgrade", (message: IncomingMessage, socket: Socket, rest: Buffer) => {
      this.#sockets.add(socket);
      // Node listens no more.
      socket.on("error", ignore);
      if (rest.length > 0) socket.unshift(rest);
      const response = new ServerResponse(message);
      response.shouldKeepAlive = staysOpen(message);
      response.assignSocket(socket);
      response.once("finish", () => this.#end(server, socket, response));
      server.emit("request", message, response);
    });
  }

  /** True when this connection has left the server; it has then to be read from. */
  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  /**
   * True when nothing of a request has come on this connection since it was opened, or came back: to Node that is one
   * that takes too long over its first request.
   */
  isQuiet(socket: Socket): boolean {
    return socket.bytesRead === (this.#readBefore.get(socket) ?? 0);
  }

  /** The connection is a stream now: nothing is to be kept of how it came to be one. */
  keep(socket: Socket, response: ServerResponse): void {
    if (this.#sockets.has(socket)) response.detachSocket(socket);
  }

  #end(server: Server, socket: Socket, response: ServerResponse): void {
    response.detachSocket(socket);
    response.emit("close");
    // A server that has stopped listening would wait for the end of what comes back.
    if (!response.shouldKeepAlive || response.getHeader("connection") === "close" || !server.listening) {
      socket.destroySoon();
      return;
    }
    this.#sockets.delete(socket);
    this.#readBefore.set(socket, socket.bytesRead);
    socket.off("error", ignore);
    server.emit("connection", socket);
  }

  #mayLeave({ method, url = "", headers, httpVersion, socket }: IncomingMessage): boolean {
    // Without a Host Node refuses an HTTP/1.1 request itself, but only one that stays.
    const isHeadAlone = !hasBody(headers) && headers.expect === undefined;
    const isWhole = isHeadAlone && (httpVersion === "1.0" || headers.host !== undefined);
    const { opensStream, isBusy } = this.#options;
    return method === "GET" && isWhole && opensStream(url) && !isBusy(socket);
  }
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** Whether the client wants to use the connection on [RFC 9112 9.3]. */
function staysOpen({ headers, httpVersion }: IncomingMessage): boolean {
  const words = (headers.connection ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
  return httpVersion === "1.0" ? words.includes("keep-alive") : !words.includes("close");
}

function ignore(): void {}
