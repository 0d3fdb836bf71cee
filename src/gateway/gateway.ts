import type { Metrics } from "../base/metrics.js";
import { PharosError } from "../base/errors.js";
import { quoteValue } from "../base/quote-value.js";
import { rememberLast } from "../base/live/remember-last.js";
import { admitStream } from "../delivery/joining/admitted-stream.js";
import type { AdmittedStream } from "../delivery/joining/admitted-stream.js";
import { LocalTicket } from "../delivery/joining/local-ticket.js";
import type { StreamOpened } from "../delivery/joining/open-stream.js";
import type { Subscription } from "../hub/cohort.js";
import { streamPath } from "../protocol.js";
import { BodyBudget } from "./limits/body-budget.js";
import type { ClientLimits } from "./limits/client-limits.js";
import { Cors } from "./access/cors.js";
import { Origins } from "./access/origins.js";
import type { Answer, GatewayRequest, Headers, Reply, StreamStart } from "./http/messages.js";
import type { RefusalLog } from "./refusals/refusal-log.js";
import { emptyReply } from "./http/replies.js";
import { problemReply, refuse } from "./refusals/refuse.js";
import type { StreamReports } from "./streams/stream-reports.js";
import { chunkedStart } from "./streams/chunked-start.js";
import type { Handler, Resource } from "./http/resource.js";
import type { RevokedTokens } from "./control/revoked-tokens.js";
import type { TokenClients } from "./control/token-clients.js";
import { allowedMethods, serves } from "./http/resource.js";

/** The gateway reads the options at each use, so that their values can change. */
export interface GatewayOptions {
  readonly resources: readonly Resource[];
  /** The origins whose pages may read responses and streams, in the form of {@link Origins}. */
  readonly corsOrigins: readonly string[];
  /** The limits for each client address. @default none */
  readonly clients?: Pick<
    ClientLimits,
    "addresses" | "admitConnection" | "admitStream" | "admitPublish" | "admitRequest" | "clientOf"
  >;
  /** Gets the begin and the end of each stream. @default none */
  readonly webhooks?: StreamReports | undefined;
  /** Knows the streams of clients with a token. @default none */
  readonly tokenClients?: Pick<TokenClients, "opening"> | undefined;
  /** The list of revoked tokens. @default none */
  readonly revoked?: Pick<RevokedTokens, "sizes"> | undefined;
  /** Throws PharosError if the hub's limits do not allow another stream with this subscription. @default no limits */
  readonly checkRoom?: (subscription: Subscription) => void;
  /**
   * Undefined, or resolves when the hub has all events that the client of this request may have. @default never waits
   */
  readonly catchUp?: ((request: GatewayRequest) => Promise<void> | undefined) | undefined;
  /** The memory budget for request bodies. @default a budget with the default limits */
  readonly bodies?: BodyBudget;
  /** Counts and logs error responses. @default none; error responses then have no id */
  readonly refusals?: Pick<RefusalLog, "note">;
}

/** Answers the requests of all fronts. The methods never throw, except {@link admit}. */
export class Gateway {
  readonly resources: readonly Resource[];
  /** The budget in which fronts reserve memory before they store the body of a request. */
  readonly bodies: BodyBudget;
  readonly #options: GatewayOptions;
  readonly #corsFor = rememberLast((origins: readonly string[]) => new Cors(new Origins(origins)));
  #unanswered = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.resources = options.resources;
    this.bodies = options.bodies ?? new BodyBudget();
  }

  /** The requests without an answer. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** The client addresses that count against a limit now. */
  get clientAddresses(): number {
    return this.#options.clients?.addresses ?? 0;
  }

  /** The entries in the list of revoked tokens, and their memory in bytes. */
  get revocations(): RevokedTokens["sizes"] {
    return this.#options.revoked?.sizes ?? { count: 0, bytes: 0 };
  }

  /**
   * Counts a new TCP connection; returns undefined if its peer has as many connections as allowed. The front calls
   * the result when the connection has ended.
   */
  admitConnection(peer: string | undefined): (() => void) | undefined {
    const { clients } = this.#options;
    return clients === undefined ? () => undefined : clients.admitConnection(peer);
  }

  /**
   * Answers a request with a reply or with a stream. The front passes a stream to {@link admit}. The method returns a
   * promise only if the answer has to wait, and the promise never rejects. If no resource serves a request, the
   * client gets an error response.
   */
  handle(request: GatewayRequest): Answer | Promise<Answer> {
    const finish = (answer: Answer): Answer => this.#finish(request, answer);
    let resource: Resource | undefined;
    const fail = (error: unknown): Reply => this.#refuse(request, error, resource);
    try {
      this.bodies.check(Number(request.header("content-length") ?? 0));
      resource = this.#resourceFor(request);
      const answer = this.#answer(request, resource);
      return answer instanceof Promise ? this.#await(answer.then(finish).catch(fail)) : finish(answer);
    } catch (error) {
      return fail(error);
    }
  }

  /**
   * Admits a stream. The method calls `open` with the stream before it returns, since the limits count only open
   * streams. If the hub or the client's address has reached a limit, the method returns the error response instead.
   * The method throws the errors of `open`.
   */
  admit(
    request: GatewayRequest,
    start: StreamStart,
    open: (stream: AdmittedStream<StreamStart>) => void,
  ): Reply | undefined {
    const admitted = this.#checkLimits(request, start);
    if (admitted.kind === "reply") return admitted;
    open(admitted);
    return undefined;
  }

  /** The response to a request that the front could not read, or that failed. */
  refuse(request: GatewayRequest | undefined, error: unknown): Reply {
    return this.#refuse(request, error);
  }

  async #await(answer: Promise<Answer>): Promise<Answer> {
    this.#unanswered += 1;
    try {
      return await answer;
    } finally {
      this.#unanswered -= 1;
    }
  }

  #checkLimits(request: GatewayRequest, start: StreamStart): AdmittedStream<StreamStart> | Reply {
    const { clients, checkRoom, tokenClients } = this.#options;
    const { subscription } = LocalTicket.read(start.ticket);
    const { filters } = subscription;
    const held = start.countsFilters === true ? [] : filters;
    try {
      const known = tokenClients?.opening(start);
      // Check the limits of the whole hub first. If both checks fail, the client gets the error of the hub, which the
      // client cannot avoid by closing its own streams.
      checkRoom?.(subscription);
      const counted = clients?.admitStream(request, filters, held);
      const opened = all([counted, start.opened, this.#reported(request, start), known]);
      return admitStream({ ...start, topics: filters.length, opened });
    } catch (error) {
      return this.#refuse(request, error);
    }
  }

  /** Reports the begin and the end of a stream to the receiver of webhooks. */
  #reported(request: GatewayRequest, start: StreamStart): StreamOpened | undefined {
    const { webhooks } = this.#options;
    if (webhooks?.isOn !== true) return undefined;
    // Only these texts stay in memory until the end of the stream, not the request.
    const { filters } = LocalTicket.read(start.ticket).subscription;
    const stream = {
      subject: start.grants?.()?.subject,
      filters: filters.map(({ text }) => text),
      address: this.#options.clients?.clientOf(request).address,
      front: request.front,
      transport: start.dialogue === undefined ? "event-stream" : "websocket",
    } as const;
    return () => webhooks.subscribed(stream);
  }

  #refuse(request: GatewayRequest | undefined, error: unknown, resource?: Resource): Reply {
    const refusal = refuse(error, request, this.#options.refusals);
    const reply = resource?.renderRefusal?.(refusal) ?? problemReply(refusal);
    if (request === undefined) return reply;
    const finished = withHeaders(reply, this.#cors.headersFor(request));
    return request.method === "HEAD" ? headOf(finished) : finished;
  }

  #answer(request: GatewayRequest, resource: Resource): Answer | Promise<Answer> {
    if (request.method === "OPTIONS") return this.#preflight(request, resource);
    const handler = handlerOf(resource, request.method);
    if (handler !== undefined) {
      checkContentCoding(request);
      this.#countRequest(request, resource);
      const ready = this.#options.catchUp?.(request);
      return ready === undefined ? handler(request) : ready.then(() => handler(request));
    }
    const allowed = allowedMethods(resource);
    const error = new PharosError(
      "method-not-allowed",
      `${quoteValue(request.path)} allows ${allowed}, not ${quoteValue(request.method)}`,
    );
    return problemReply(refuse(error, request, this.#options.refusals), [["Allow", allowed]]);
  }

  /** Counts a request; POST, PUT and DELETE count as publishing. Runs before the handler, since handlers verify tokens. */
  #countRequest(request: GatewayRequest, { isUncounted = false }: Resource): void {
    const { clients } = this.#options;
    if (changingMethods.has(request.method)) clients?.admitPublish(request);
    else if (!isUncounted) clients?.admitRequest(request);
  }

  #resourceFor(request: GatewayRequest): Resource {
    const resource = this.resources.find(
      (each) => serves(each, request.path) && each.claims?.(request) !== false,
    );
    if (resource !== undefined) return resource;
    throw new PharosError(
      "not-found",
      `nothing is served at ${quoteValue(request.path)}; streams are at ${streamPath}`,
    );
  }

  /** Completes an answer. HEAD gets the response head that GET would get now, even an error because of a limit. */
  #finish(request: GatewayRequest, answer: Answer): Answer {
    const finished = withHeaders(answer, this.#cors.headersFor(request));
    if (request.method !== "HEAD") return inChunks(request, finished);
    return headOf(finished.kind === "stream" ? this.#checkLimits(request, finished) : finished);
  }

  get #cors(): Cors {
    return this.#corsFor(this.#options.corsOrigins);
  }

  #preflight(request: GatewayRequest, resource: Resource): Reply {
    const allowed = allowedMethods(resource);
    return emptyReply(204, [["Allow", allowed], ...this.#cors.preflightFor(request, allowed)]);
  }
}

const changingMethods: ReadonlySet<string> = new Set(["POST", "PUT", "DELETE"]);

function handlerOf({ methods }: Resource, method: string): Handler | undefined {
  switch (method) {
    case "GET":
    case "HEAD":
      return methods.GET;
    case "POST":
    case "PUT":
    case "DELETE":
    case "QUERY":
      return methods[method];
    default:
      return undefined;
  }
}

/** The values, in lower case, with which a body is not coded. The fronts decode chunks. */
const uncoded: readonly (readonly [header: string, values: readonly string[]])[] = [
  ["Content-Encoding", ["", "identity"]],
  ["Transfer-Encoding", ["", "chunked"]],
];

/** @throws PharosError `unsupported-content-coding` if the body of the request is coded, for example with gzip */
function checkContentCoding(request: GatewayRequest): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  for (const [header, values] of uncoded) {
    const coding = request.header(header.toLowerCase())?.trim() ?? "";
    if (!values.includes(coding.toLowerCase()))
      throw new PharosError(
        "unsupported-content-coding",
        `the body has the ${header} ${quoteValue(coding)}; send the body without a content coding`,
      );
  }
}

function withHeaders<A extends Answer>(answer: A, headers: Answer["headers"]): A {
  return headers.length === 0 ? answer : { ...answer, headers: joined([...answer.headers, ...headers]) };
}

/** Joins the values of each header name [RFC 9110 5.3]: in some fronts a second header of a name replaces the first. */
function joined(headers: Headers): Headers {
  const lines = new Map<string, readonly [name: string, value: string]>();
  for (const [name, value] of headers) {
    const before = lines.get(name.toLowerCase());
    lines.set(
      name.toLowerCase(),
      before === undefined ? [name, value] : [before[0], `${before[1]}, ${value}`],
    );
  }
  return [...lines.values()];
}

/**
 * An event stream in chunks, which only HTTP/1.1 has [RFC 9112 6.1, RFC 9113 8.1]. WebSockets and HTTP/2 have frames
 * instead.
 */
function inChunks({ version, isFramed = false }: GatewayRequest, answer: Answer): Answer {
  const isEventStream = answer.kind === "stream" && answer.dialogue === undefined;
  return isEventStream && version === "1.1" && !isFramed ? chunkedStart(answer) : answer;
}

/** Opens a stream for each of these. At its end, tells them in the same order. */
function all(each: readonly (StreamOpened | undefined)[]): StreamOpened | undefined {
  const present = each.filter((one) => one !== undefined);
  if (present.length < 2) return present[0];
  return (end) => {
    const ends = present.map((opened) => opened(end));
    return (reason) => ends.forEach((end) => end(reason));
  };
}

/**
 * The response to HEAD: the head of the response to GET, without a body or stream, so that the connection can be
 * reused.
 */
function headOf(answer: Answer): Reply {
  const { headers } = answer;
  const body = Buffer.alloc(0);
  if (answer.kind === "reply") return { ...answer, body };
  return { kind: "reply", status: 200, headers, contentLength: undefined, body };
}

/** Counts a response by its status. The status of a WebSocket is 101. */
export function countResponse(metrics: Metrics, front: GatewayRequest["front"], answer: Answer): void {
  metrics.count("requests_total", 1, { front, status: String(statusOfAnswer(answer)) });
}

function statusOfAnswer(answer: Answer): number {
  if (answer.kind === "reply") return answer.status;
  return answer.dialogue === undefined ? 200 : 101;
}
