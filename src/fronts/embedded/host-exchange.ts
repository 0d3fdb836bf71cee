import { Server } from "node:net";
import type { Socket } from "node:net";
import type { Lifetime } from "../../base/lifetime.js";
import { unixPeer } from "../../gateway/http/client-address.js";
import type { Reply } from "../../gateway/http/messages.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { RequestHead } from "../../gateway/limits/request-head.js";
import type { FrontRequest } from "../gateway-port.js";
import { asUtf8, splitTarget } from "../request-target.js";
import { isSecure } from "../strict-transport.js";
import { HostBody } from "./host-body.js";
import { bareSocketOf, cutResponse, isHttp1, setHeaders } from "./host-messages.js";
import type { HostRequest, HostResponse } from "./host-messages.js";

export interface HostExchangeParts {
  readonly request: HostRequest;
  readonly response: HostResponse;
  /** The target of the request below the place where the hub is mounted. */
  readonly target: string;
  readonly reservationFor: (request: FrontRequest, lifetime: Lifetime) => BodyReservation;
  /** The most bytes of a body. */
  readonly bodyBytes: number;
}

/** A request of the host's server that is not answered yet, and its response. */
export class HostExchange {
  readonly host: HostRequest;
  readonly response: HostResponse;
  readonly head: RequestHead;
  readonly request: FrontRequest;
  readonly body: HostBody;
  /** The socket for a stream; undefined if the stream has to go through the response. */
  readonly bareSocket: Socket | undefined;

  constructor({ request, response, target, reservationFor, bodyBytes }: HostExchangeParts) {
    this.host = request;
    this.response = response;
    this.head = headOf(request);
    // Decided once: the bytes of the stream depend on it.
    this.bareSocket = bareSocketOf(response);
    this.request = this.#frontRequest(target);
    this.body = new HostBody({
      request,
      head: this.head,
      reserve: (lifetime) => reservationFor(this.request, lifetime),
      mostBytes: bodyBytes,
      cut: () => cutResponse(response),
    });
  }

  /** True if the client has left, so that nothing can be sent. */
  get isOver(): boolean {
    const { response, host } = this;
    return (
      response.writableEnded ||
      (isHttp1(response) ? response.destroyed : response.stream.destroyed) ||
      (host.destroyed && !host.complete)
    );
  }

  send({ status, headers, contentLength, body }: Reply): void {
    const { response } = this;
    if (this.isOver) return;
    response.statusCode = status;
    setHeaders(response, headers);
    if (contentLength !== undefined) response.setHeader("Content-Length", contentLength);
    if (this.body.endsConnection) setHeaders(response, [["Connection", "close"]]);
    response.end(body);
  }

  #frontRequest(target: string): FrontRequest {
    const { host, head, response } = this;
    const { socket } = host;
    return {
      method: host.method ?? "GET",
      version: host.httpVersion,
      ...splitTarget(target),
      header: (name) => {
        const value = head.value(name);
        return value === undefined ? undefined : asUtf8(value);
      },
      headerNames: () => head.names,
      body: () => this.body.read(),
      disconnectSignal: () => disconnectSignal(response),
      peer: socket.remoteAddress ?? (isAtUnixSocket(socket) ? unixPeer : undefined),
      front: "http",
      isDirect: true,
      isFramed: this.bareSocket === undefined,
      isTls: isSecure(socket),
    };
  }
}

/**
 * True if the host's server listens at a unix socket. A socket has no address after its client has reset the connection
 * either, and such a client must not count as a program on this machine. Node's server sets `server` of each socket.
 */
function isAtUnixSocket(socket: object): boolean {
  const server: unknown = Reflect.get(socket, "server");
  return server instanceof Server && typeof server.address() === "string";
}

/** With HTTP/2, the host is one of the pseudo-headers, which are no headers for the gateway. */
function headOf(request: HostRequest): RequestHead {
  if (request.httpVersionMajor < 2) return new RequestHead(request);
  const { rawHeaders, method, url, httpVersionMajor, httpVersionMinor } = request;
  const lines: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (name === ":authority") lines.push("host", value);
    else if (!name.startsWith(":") && !(name === "host" && lines.includes("host"))) lines.push(name, value);
  }
  return new RequestHead({ rawHeaders: lines, method, url, httpVersionMajor, httpVersionMinor });
}

/** Aborted when the client leaves before the response. */
function disconnectSignal(response: HostResponse): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    if (!response.writableEnded) controller.abort();
  };
  if (isHttp1(response) && response.destroyed) abort();
  else response.once("close", abort);
  return controller.signal;
}
