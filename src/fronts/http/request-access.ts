import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientLeft } from "../../access-log/access-line.js";
import type { AccessLog, OpenAccess } from "../../access-log/access-log.js";
import type { FrontRequest } from "../gateway-port.js";
import type { SocketTarget } from "./socket-target.js";

interface OpenRequest {
  readonly access: OpenAccess;
  readonly socket: Socket;
  /** The bytes that the socket had written when the request began. */
  readonly bytesBefore: number;
}

/** Tells the access log of the requests and streams on sockets. */
export class RequestAccess {
  readonly #log: AccessLog;
  readonly #open = new WeakMap<ServerResponse, OpenRequest>();

  constructor(log: AccessLog) {
    this.#log = log;
  }

  /** Call this when the front begins to answer a request. The line follows when the response is closed. */
  begin(request: FrontRequest, response: ServerResponse): void {
    const { socket } = response.req;
    const open = { access: this.#log.begin(request), socket, bytesBefore: socket.bytesWritten };
    this.#open.set(response, open);
    response.once("close", () => {
      // The response of a stream is not that of Node.
      if (this.#open.get(response) === open) endResponse(open, response);
    });
  }

  /** Call this when the token of a request is verified. */
  identified(response: ServerResponse, subject: string | undefined): void {
    const open = this.#open.get(response);
    if (open !== undefined) open.access.subject = subject;
  }

  /** Call this when the response has become a stream. The line follows when its socket is closed. */
  stream(response: ServerResponse, stream: SocketTarget, topics: number | undefined): void {
    const open = this.#open.get(response);
    if (open === undefined) return;
    this.#open.delete(response);
    const { access, socket, bytesBefore } = open;
    const isWebSocket = stream.webSocket !== undefined;
    const finish = (): void =>
      access.end({
        kind: isWebSocket ? "websocket" : "stream",
        status: isWebSocket ? 101 : 200,
        bytes: socket.bytesWritten - bytesBefore + stream.directBytes,
        topics,
      });
    access.becomeStream(finish);
    socket.once("close", finish);
  }

  /** Call this when the front has refused bytes that are no request. */
  refused(peer: string | undefined, answer: { readonly status: number; readonly bytes: number }): void {
    this.#log.begin({ front: "http", peer }).end(answer);
  }
}

function endResponse({ access, socket, bytesBefore }: OpenRequest, response: ServerResponse): void {
  access.end({
    status: response.headersSent ? response.statusCode : clientLeft,
    bytes: socket.bytesWritten - bytesBefore,
    isComplete: response.writableFinished,
  });
}
