import type { AccessLog } from "../../access-log/access-log.js";
import type { Clock } from "../../base/clock.js";
import { limitedLog } from "../../base/log.js";
import type { LimitedLog, Logger } from "../../base/log.js";
import type { CutReason, Metrics } from "../../base/metrics.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { Fanout } from "../../delivery/fanout.js";
import { countResponse } from "../../gateway/gateway.js";
import type { Answer, Headers, Reply, StreamStart } from "../../gateway/http/messages.js";
import { serves } from "../../gateway/http/resource.js";
import { RequestHead, tooLarge } from "../../gateway/limits/request-head.js";
import type { HeadLimits } from "../../gateway/limits/request-head.js";
import type { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import { handshakeRefused } from "../../gateway/websocket/handshake.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { FrontRequest, GatewayPort } from "../gateway-port.js";
import type { ConnectionClient, ReadyConnection } from "../listen/intake.js";
import { asUtf8, splitTarget } from "../request-target.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { isSecure, strictTransport } from "../strict-transport.js";
import { Http2Access } from "./http2-access.js";
import { Http2Body } from "./http2-body.js";
import { Http2Target } from "./http2-target.js";
import type { FileAnswer, PageFiles } from "./page-files.js";
import { Http2Session } from "./session/http2-session.js";
import type { BegunRequest } from "./session/client-frames.js";
import { Http2Sessions } from "./session/http2-sessions.js";
import type { Http2Stream } from "./session/http2-stream.js";
import { errorCode } from "./wire/protocol.js";
import type { Http2ErrorCode } from "./wire/protocol.js";
import { isResponseField, readRequestFields } from "./wire/request-fields.js";
import type { HeaderField } from "./wire/request-fields.js";

export interface Http2FrontOptions extends HeadLimits {
  readonly gateway: GatewayPort;
  readonly fanout: Fanout<StreamTarget>;
  readonly files: PageFiles;
  /** The time for the clients of the front in each turn. */
  readonly turns: TurnRotation;
  /** The most streams of one session at a time. */
  readonly mostStreams: number;
  /** Read at each use. */
  readonly limits: Pick<FanoutLimits, "stallMs">;
  /** The seconds of `Strict-Transport-Security` for clients with TLS; 0 for no such header. */
  readonly hstsSeconds: number;
  /** @default none */
  readonly accessLog?: AccessLog | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The head of a response. */
interface ResponseStart extends Pick<Reply, "status" | "headers"> {
  /** True if there is no body. @default false */
  readonly isEnd?: boolean;
}

/** A request that is not answered yet. */
interface Exchange {
  readonly session: Http2Session;
  readonly stream: Http2Stream;
  readonly request: FrontRequest;
  readonly access: Http2Access | undefined;
  readonly body: Http2Body;
}

/**
 * The responses of one session that may wait for their client, in bytes: 16 pages of history. Event streams do not count:
 * what waits for them are references to bytes that all members of a cohort share.
 */
const mostReplyBytes = 4 * 1024 * 1024;

/** The methods whose requests the gateway may read. */
const methodsWithBody: ReadonlySet<string> = new Set(["POST", "PUT", "QUERY"]);

/** The shortest time between two log lines about sessions that end because of their clients, in milliseconds. */
const logEveryMs = 10_000;

/** Serves the clients that speak HTTP/2: passes their requests to the gateway, and opens their streams in the fan-out. */
export class Http2Front {
  readonly #options: Http2FrontOptions;
  readonly #sessions: Http2Sessions;
  readonly #log: LimitedLog;
  #isDraining = false;

  constructor(options: Http2FrontOptions) {
    this.#options = options;
    this.#log = limitedLog({ ...options, periodMs: logEveryMs, level: "info" });
    this.#sessions = new Http2Sessions({
      ...options,
      stalled: (session) => {
        this.#cut("http2-window");
        session.disconnect(errorCode.enhanceYourCalm);
      },
    });
  }

  /** The sessions with open streams. */
  *busySessions(): Iterable<Http2Session> {
    for (const session of this.#sessions.open) if (session.streams.size > 0) yield session;
  }

  /** Serves a connection whose next bytes are those with which HTTP/2 begins. */
  take({ socket, ...client }: ReadyConnection): void {
    const session: Http2Session = new Http2Session({
      ...this.#options,
      socket,
      request: (begun) => this.#begin(session, client, begun),
      schedule: (each) => this.#sessions.schedule(each),
      closed: (each) => this.#sessions.delete(each),
      failed: (code, reason) => this.#noteFailure(client, code, reason),
      vanished: () => this.#cut("vanished"),
    });
    this.#sessions.add(session);
    socket.resume();
  }

  /** As {@link SharedTargets.flush}. */
  flush(isUsedUp: () => boolean): boolean {
    return this.#sessions.flush(isUsedUp);
  }

  /** From now on, each answer asks its client to send further requests on another connection. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Sessions end after their last answers from now on. */
  endSessions(): void {
    this.#isDraining = true;
    this.#sessions.goAway();
  }

  /** Ends all sessions. Clients have a short time to read the end of their streams. */
  close(): Promise<void> {
    return this.#sessions.close();
  }

  #begin(session: Http2Session, client: ConnectionClient, { stream, fields, isCut }: BegunRequest): void {
    const { headerLines, headBytes, gateway, accessLog, turns } = this.#options;
    const { method, path, lines } = readRequestFields(fields);
    const head = new RequestHead({
      rawHeaders: lines,
      method,
      url: path,
      httpVersionMajor: 2,
      httpVersionMinor: 0,
    });
    turns.countRequest();
    const contentLength = head.value("content-length");
    if (contentLength !== undefined) stream.announce(contentLength);
    const body = new Http2Body({
      stream,
      waitsToContinue: head.waitsToContinue,
      reserve: (lifetime) => gateway.bodies.reservationFor(request, lifetime),
      mostBytes: gateway.bodies.bodyBytes,
    });
    const request: FrontRequest = {
      method,
      version: "2.0",
      ...splitTarget(path),
      header: (name) => {
        const value = head.value(name);
        return value === undefined ? undefined : asUtf8(value);
      },
      headerNames: () => head.names,
      body: () => body.read(),
      disconnectSignal: () => disconnectSignal(stream),
      ...client,
      front: "http",
      isTls: isSecure(session.socket),
      identified: (subject) => access?.identified(subject),
    };
    const access = accessLog && new Http2Access(accessLog.begin(request), stream);
    const exchange: Exchange = { session, stream, request, access, body };
    const fault = isCut ? tooLarge(`${headBytes} bytes`) : head.faultOf({ headerLines, headBytes });
    if (fault === undefined) this.#answer(exchange);
    else this.#sendReply(exchange, gateway.refuse(request, fault));
  }

  #answer(exchange: Exchange): void {
    const { method, path } = exchange.request;
    // Nothing else reads a body, and streams and polls may stay open for long.
    if (!methodsWithBody.has(method)) exchange.body.drop();
    const isFile = (method === "GET" || method === "HEAD") && !this.#isServed(path);
    if (isFile) void this.#sendFile(exchange);
    else this.#handle(exchange);
  }

  #isServed(path: string): boolean {
    return this.#options.gateway.resources.some((each) => serves(each, path));
  }

  #handle(exchange: Exchange): void {
    const fail = (error: unknown): void => this.#fail(exchange, error);
    const send = (answer: Answer): void => {
      exchange.body.leave();
      if (answer.kind === "reply") this.#sendReply(exchange, answer);
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

  #fail(exchange: Exchange, error: unknown): void {
    // The client has got a part of another response.
    if (exchange.stream.hasHead) return exchange.stream.cancel();
    this.#sendReply(exchange, this.#options.gateway.refuse(exchange.request, error));
  }

  #sendReply(exchange: Exchange, reply: Reply): void {
    const { stream, session } = exchange;
    if (stream.lifetime.isOver) return;
    const length: Headers =
      reply.contentLength === undefined ? [] : [["content-length", String(reply.contentLength)]];
    const waiting = waitingReplies(session);
    // One response may be larger than the limit, as one event may be.
    if (waiting > 0 && waiting + reply.body.length > mostReplyBytes) {
      this.#cut("http2-replies");
      return stream.cancel();
    }
    this.#count(reply);
    const isEnd = reply.body.length === 0;
    this.#sendHead(exchange, { status: reply.status, headers: [...reply.headers, ...length], isEnd });
    if (isEnd) return;
    stream.send(reply.body);
    stream.end();
  }

  #sendHead(exchange: Exchange, { status, headers, isEnd = false }: ResponseStart): void {
    const { stream, session, access } = exchange;
    const { hstsSeconds, clock } = this.#options;
    const date = ["Date", new Date(clock.now()).toUTCString()] as const;
    access?.answered(status);
    // The head of a file has a date already.
    const all = [date, ...headers, ...strictTransport(session.socket, hstsSeconds)];
    stream.sendHead(status, responseFields(all), { isEnd });
    if (this.#isDraining) session.goAway();
  }

  /** Opens a stream if the gateway admits it, or sends the error response. */
  #sendStream(exchange: Exchange, start: StreamStart): void {
    const { gateway } = this.#options;
    if (exchange.stream.lifetime.isOver) return start.abandoned?.();
    // WebSockets have connections of their own.
    if (start.dialogue !== undefined) {
      start.abandoned?.();
      return this.#fail(exchange, handshakeRefused());
    }
    const refusal = gateway.admit(exchange.request, start, (stream) => this.#openStream(exchange, stream));
    if (refusal !== undefined) this.#sendReply(exchange, refusal);
  }

  #openStream(exchange: Exchange, start: AdmittedStream<StreamStart>): void {
    const { fanout } = this.#options;
    const { session, stream, access } = exchange;
    this.#count(start);
    this.#sendHead(exchange, { status: 200, headers: start.headers });
    access?.streams(start.topics);
    const target = new Http2Target(stream, session, fanout);
    target.opened(fanout.open(start, { handle: target, head: start.opening }));
  }

  async #sendFile(exchange: Exchange): Promise<void> {
    try {
      const answer = await this.#options.files.answer(exchange.request);
      if (answer === undefined) this.#handle(exchange);
      else await this.#pump(exchange, answer);
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  /** Sends a file part by part: reads the next part when the system has accepted the one before. */
  async #pump(exchange: Exchange, { status, headers, body }: FileAnswer): Promise<void> {
    const { stream } = exchange;
    stream.lifetime.onEnd(() => body.destroy());
    if (stream.lifetime.isOver) return;
    this.#sendHead(exchange, { status, headers });
    let resume: () => void = () => undefined;
    stream.output.drained = () => resume();
    stream.lifetime.onEnd(() => resume());
    for await (const part of body as AsyncIterable<Buffer>) {
      if (part.length === 0) continue;
      stream.send(part);
      await new Promise<void>((resolve) => {
        resume = resolve;
        if (stream.lifetime.isOver) resolve();
      });
    }
    stream.end();
  }

  #count(answer: Answer): void {
    countResponse(this.#options.metrics, "http", answer);
  }

  #cut(reason: CutReason): void {
    this.#options.metrics.count("connections_cut_total", 1, { reason });
  }

  #noteFailure({ peer }: ConnectionClient, code: Http2ErrorCode, reason: string): void {
    this.#cut("http2-fault");
    this.#log({ peer, code, reason }, "a session of HTTP/2 ended because of its client");
  }
}

/** The bytes of responses that wait for the client, without event streams. */
function waitingReplies({ streams }: Http2Session): number {
  let bytes = 0;
  for (const { isWatched, output } of streams.values()) if (!isWatched) bytes += output.waitingBytes;
  return bytes;
}

/** The fields of a response: a later header of a name takes the place of an earlier one. */
function responseFields(headers: Headers): readonly HeaderField[] {
  const fields = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return [...fields].filter(([name]) => isResponseField(name));
}

/** Aborted when the stream ends before its response. */
function disconnectSignal(stream: Http2Stream): AbortSignal {
  const controller = new AbortController();
  stream.lifetime.onEnd(() => {
    if (!stream.isAnswered) controller.abort();
  });
  return controller.signal;
}
