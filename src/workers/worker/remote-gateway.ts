import { admitStream } from "../../delivery/joining/admitted-stream.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { EndStream, StreamEnded } from "../../delivery/joining/open-stream.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { rememberLast } from "../../base/live/remember-last.js";
import { BodyBudget } from "../../gateway/limits/body-budget.js";
import { Networks, clientAddress } from "../../gateway/http/client-address.js";
import { Gateway } from "../../gateway/gateway.js";
import type {
  Answer,
  Dialogue,
  GatewayRequest,
  Reply,
  MessageResult,
  StreamStart,
} from "../../gateway/http/messages.js";
import { RefusalLog } from "../../gateway/refusals/refusal-log.js";
import type { GatewayPort, FrontRequest } from "../../fronts/gateway-port.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { RequestNumber, StreamsToHub, StreamsToWorker } from "../ipc/messages.js";
import type { Peer } from "../ipc/peer.js";
import { bodyRefusalOf } from "../ipc/refusal.js";
import type { MessageKind } from "../../gateway/websocket/message-kinds.js";
import type { ServedPath } from "../../gateway/http/resource.js";
import type { WorkerSettings } from "../ipc/settings.js";
import type { RemoteCohorts } from "./remote-cohorts.js";
import { RemoteTicket } from "./remote-ticket.js";

export interface RemoteGatewayOptions {
  /** Read at each use. */
  readonly settings: WorkerSettings;
  readonly peer: Peer<StreamsToHub>;
  readonly cohorts: RemoteCohorts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Waiting {
  readonly request: GatewayRequest;
  readonly resolve: (answer: Answer) => void;
  /** Call this when the request is answered: from then on, the disconnect of the client needs no message. */
  readonly answered: () => void;
}

/** The gateway of a worker. The worker's gateway passes requests to the hub, and the hub answers them. */
export class RemoteGateway implements GatewayPort {
  readonly resources: readonly ServedPath[];
  readonly bodies: BodyBudget;
  readonly #options: RemoteGatewayOptions;
  readonly #refusing: Gateway;
  readonly #waiting = new Map<RequestNumber, Waiting>();
  /** Callbacks for the messages of clients that the hub has not answered yet, by stream. */
  readonly #unanswered = new Map<RequestNumber, (result: MessageResult) => void>();
  /**
   * The streams of clients, each with the function that ends it; before the stream is opened, the reason to end it at
   * once, or undefined.
   */
  readonly #streams = new Map<RequestNumber, EndStream | Parameters<EndStream> | undefined>();
  #last: RequestNumber = 0;

  constructor(options: RemoteGatewayOptions) {
    this.#options = options;
    const { settings } = options;
    const networksOf = rememberLast((networks: readonly string[]) => new Networks(networks));
    const clientOf = (request: GatewayRequest): ReturnType<typeof clientAddress> => {
      const source = { peer: request.peer, forwardedFor: request.header("x-forwarded-for") };
      return clientAddress(source, networksOf(settings.trustedProxies));
    };
    this.resources = settings.resources;
    this.bodies = new BodyBudget({
      bodyBytes: settings.bodyBytes,
      get requestBytes() {
        return settings.requestBytes;
      },
      clients: { clientOf },
    });
    this.#refusing = new Gateway({
      resources: [],
      get corsOrigins() {
        return settings.corsOrigins;
      },
      refusals: new RefusalLog({ ...options, clients: { clientOf } }),
    });
  }

  /** The requests and messages that the hub has not answered yet. */
  get unanswered(): number {
    return this.#waiting.size + this.#unanswered.size;
  }

  /** The hub counted the connection before it passed the connection to this worker. */
  admitConnection(): () => void {
    return () => undefined;
  }

  handle(request: FrontRequest): Promise<Answer> {
    this.#last += 1;
    const number = this.#last;
    const { method, version, path, query, peer, isDirect, isTls = false } = request;
    const headers = request.headerNames().map((name) => [name, request.header(name) ?? ""] as const);
    this.#options.peer.send({
      kind: "request",
      request: number,
      method,
      version,
      path,
      query,
      headers,
      peer,
      isDirect,
      isTls,
    });
    const ended = (): void => this.#options.peer.send({ kind: "ended", request: number, reason: "left" });
    const signal = request.disconnectSignal();
    if (signal.aborted) ended();
    else signal.addEventListener("abort", ended, { once: true });
    const answered = (): void => signal.removeEventListener("abort", ended);
    return new Promise((resolve) => this.#waiting.set(number, { request, resolve, answered }));
  }

  /** The hub has admitted the stream already. */
  admit(
    _request: FrontRequest,
    start: StreamStart,
    open: (stream: AdmittedStream<StreamStart>) => void,
  ): undefined {
    open(admitStream(start));
  }

  refuse(request: GatewayRequest | undefined, error: unknown): Reply {
    return this.#refusing.refuse(request, error);
  }

  /** The hub's answer to a request. */
  reply(
    { request, status, headers, contentLength, subject }: StreamsToWorker & { readonly kind: "reply" },
    body: Buffer,
  ): void {
    this.#identified(request, subject);
    this.#answer(request, { kind: "reply", status, headers, contentLength, body });
  }

  /** The hub has admitted a stream. */
  start(
    {
      request,
      kinds,
      headers,
      expiresAtMs,
      isChunked,
      place,
      topics,
      subject,
    }: StreamsToWorker & { readonly kind: "stream" },
    opening: Buffer,
  ): void {
    this.#identified(request, subject);
    const { cohorts, peer } = this.#options;
    const ended: StreamEnded = (reason) => {
      this.#unanswered.delete(request);
      this.#streams.delete(request);
      peer.send({ kind: "ended", request, reason });
    };
    cohorts.reserve(place);
    this.#streams.set(request, undefined);
    this.#answer(request, {
      kind: "stream",
      dialogue: this.#dialogueFor(request, kinds),
      headers,
      opening,
      isChunked,
      expiresAtMs,
      topics,
      ticket: new RemoteTicket(place),
      opened: (end) => {
        this.#opened(request, end);
        return ended;
      },
      abandoned: () => {
        cohorts.abandon(place);
        ended("left");
      },
    });
  }

  /** The hub ends this stream. */
  withdraw({ request, reason }: StreamsToWorker & { readonly kind: "withdraw" }, last: Buffer): void {
    if (!this.#streams.has(request)) return;
    const end = this.#streams.get(request);
    const how: Parameters<EndStream> = [reason, last.length === 0 ? undefined : last];
    if (typeof end === "function") end(...how);
    else this.#streams.set(request, how);
  }

  #opened(request: RequestNumber, end: EndStream): void {
    const how = this.#streams.get(request);
    this.#streams.set(request, end);
    if (Array.isArray(how)) this.#options.clock.endOfTurn(() => end(...how));
  }

  /** The hub's answer to a client's message on a stream. */
  messageResult(
    { request, place, left, renewed }: StreamsToWorker & { readonly kind: "message-result" },
    answer: Buffer,
  ): void {
    const resolve = this.#unanswered.get(request);
    // The stream has ended. The hub also removes the stream from its new cohort.
    if (resolve === undefined) return;
    this.#unanswered.delete(request);
    const { cohorts } = this.#options;
    if (left !== undefined) cohorts.reach(left);
    if (place !== undefined) cohorts.reserve(place);
    resolve({
      answer: answer.length === 0 ? undefined : answer,
      moved: place && new RemoteTicket(place),
      renewed: renewed && { expiresAtMs: renewed.expiresAtMs },
      abandoned: () => {
        if (place !== undefined) cohorts.abandon(place);
      },
    });
  }

  /** The hub asks for the body of a request. */
  readBody(request: RequestNumber): void {
    const { logger, peer } = this.#options;
    const waiting = this.#waiting.get(request);
    waiting?.request.body().then(
      (body) => peer.send({ kind: "body", request }, body),
      (error: unknown) => {
        // The client gets an error response without the text of the error.
        if (!(error instanceof PharosError)) logger.error({ error }, "a request body could not be read");
        peer.send({ kind: "body", request, refusal: bodyRefusalOf(error) });
      },
    );
  }

  #dialogueFor(request: RequestNumber, kinds: readonly MessageKind[]): Dialogue | undefined {
    if (kinds.length === 0) return undefined;
    const send = (message: MessageKind, body: Buffer): Promise<MessageResult> => {
      this.#options.peer.send({ kind: "message", request, message }, body);
      return new Promise((resolve) => this.#unanswered.set(request, resolve));
    };
    return {
      ...(kinds.includes("text") ? { onText: (text: string) => send("text", Buffer.from(text)) } : {}),
      ...(kinds.includes("binary") ? { onBytes: (bytes: Buffer) => send("binary", bytes) } : {}),
    };
  }

  #identified(request: RequestNumber, subject: string | undefined): void {
    if (subject !== undefined) this.#waiting.get(request)?.request.identified?.(subject);
  }

  #answer(request: RequestNumber, answer: Answer): void {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined) return;
    this.#waiting.delete(request);
    // A stream tells its end itself, when the last messages of its client are answered.
    waiting.answered();
    waiting.resolve(answer);
  }
}
