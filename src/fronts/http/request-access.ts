import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientLeft } from "../../access-log/access-line.js";
import type { AccessLog, OpenAccess } from "../../access-log/access-log.js";
import type { FrontRequest } from "../gateway-port.js";
import type { SocketTarget } from "./socket-target.js";

/** Tells the access log of the requests on sockets. */
export class RequestAccess {
  readonly #log: AccessLog;

  constructor(log: AccessLog) {
    this.#log = log;
  }

  /** Call this when the front begins to answer a request. The line follows when the response is closed. */
  begin(request: FrontRequest, response: ServerResponse): OpenRequest {
    const open = new OpenRequest(this.#log.begin(request), response.req.socket);
    response.once("close", () => open.closed(response));
    return open;
  }

  /** Call this when the front has refused bytes that are no request. */
  refused(peer: string | undefined, answer: { readonly status: number; readonly bytes: number }): void {
    this.#log.begin({ front: "http", peer }).end(answer);
  }
}

/** A request without its line in the access log. Do not keep it in a WeakMap, as the head of a `BodyMessage`. */
export class OpenRequest {
  readonly #access: OpenAccess;
  readonly #socket: Socket;
  /** The bytes that the socket had written when the request began. */
  readonly #bytesBefore: number;
  #isStream = false;

  constructor(access: OpenAccess, socket: Socket) {
    this.#access = access;
    this.#socket = socket;
    this.#bytesBefore = socket.bytesWritten;
  }

  /** Call this when the token of the request is verified. */
  identified(subject: string | undefined): void {
    this.#access.subject = subject;
  }

  /** Call this when the response has become a stream. The line follows when its socket is closed. */
  stream(stream: SocketTarget, topics: number | undefined): void {
    this.#isStream = true;
    const isWebSocket = stream.webSocket !== undefined;
    const finish = (): void =>
      this.#access.end({
        kind: isWebSocket ? "websocket" : "stream",
        status: isWebSocket ? 101 : 200,
        bytes: this.#bytes + stream.directBytes,
        topics,
      });
    this.#access.becomeStream(finish);
    this.#socket.once("close", finish);
  }

  /** Call this when the response of Node is closed. That of a stream is another one. */
  closed(response: ServerResponse): void {
    if (this.#isStream) return;
    this.#access.end({
      status: response.headersSent ? response.statusCode : clientLeft,
      bytes: this.#bytes,
      isComplete: response.writableFinished,
    });
  }

  get #bytes(): number {
    return this.#socket.bytesWritten - this.#bytesBefore;
  }
}
