import { PharosError } from "../../base/errors.js";
import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { LeaveReason, StreamEnded } from "../../delivery/joining/open-stream.js";
import type { Gateway } from "../../gateway/gateway.js";
import type {
  Answer,
  Dialogue,
  GatewayRequest,
  Reply,
  MessageResult,
  StreamStart,
} from "../../gateway/http/messages.js";
import { kindsOf } from "../../gateway/websocket/message-kinds.js";
import type { CohortNumber, RequestNumber, StreamsToHub, StreamsToWorker } from "../ipc/messages.js";
import type { Peer } from "../ipc/peer.js";
import { parseBodyRefusal } from "../ipc/refusal.js";
import type { WorkerOutlet } from "./worker-outlet.js";

export interface WorkerRequestsOptions {
  readonly gateway: Gateway;
  readonly outlet: WorkerOutlet;
  readonly peer: Peer<StreamsToWorker>;
}

interface OpenStream {
  readonly dialogue: Dialogue | undefined;
  cohort: CohortNumber;
  /** Called when the stream has ended. */
  readonly ended: StreamEnded | undefined;
}

interface WantedBody {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: PharosError) => void;
}

const nothing = Buffer.alloc(0);

type RequestMessage = StreamsToHub & { readonly kind: "request" };

/** Answers the requests of one worker, and counts the worker's open streams. */
export class WorkerRequests {
  readonly #options: WorkerRequestsOptions;
  readonly #streams = new Map<RequestNumber, OpenStream>();
  readonly #bodies = new Map<RequestNumber, WantedBody>();
  /** Requests that are not answered yet. */
  readonly #unanswered = new Map<RequestNumber, AbortController>();
  #closed = false;

  constructor(options: WorkerRequestsOptions) {
    this.#options = options;
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  request(message: RequestMessage): void {
    const { gateway } = this.#options;
    const { request } = message;
    let subject: string | undefined;
    const identified = (of: string | undefined): void => void (subject = of);
    const gatewayRequest = { ...this.#asGatewayRequest(message), identified };
    const send = (answer: Answer): void => {
      this.#unanswered.delete(request);
      // The worker has ended, so no stream can be opened.
      if (this.#closed) return;
      try {
        const reply =
          answer.kind === "reply"
            ? answer
            : gateway.admit(gatewayRequest, answer, (stream) => this.#start(request, stream, subject));
        if (reply !== undefined) this.#reply(request, reply, subject);
      } catch (error) {
        this.#reply(request, gateway.refuse(gatewayRequest, error), subject);
      }
    };
    const answer = gateway.handle(gatewayRequest);
    if (answer instanceof Promise) void answer.then(send);
    else send(answer);
  }

  body({ request, refusal }: StreamsToHub & { readonly kind: "body" }, body: Buffer): void {
    const wanted = this.#bodies.get(request);
    this.#bodies.delete(request);
    if (refusal === undefined) wanted?.resolve(body);
    else wanted?.reject(parseBodyRefusal(refusal));
  }

  /** A client's message on a stream. */
  message({ request, message }: StreamsToHub & { readonly kind: "message" }, body: Buffer): void {
    const dialogue = this.#streams.get(request)?.dialogue;
    const result = message === "text" ? dialogue?.onText?.(body.toString()) : dialogue?.onBytes?.(body);
    if (result instanceof Promise) void result.then((later) => this.#sendResult(request, later));
    else if (result !== undefined) this.#sendResult(request, result);
  }

  /** A stream has ended, or the client has disconnected before the stream opened, possibly before the answer. */
  ended(request: RequestNumber, reason: LeaveReason): void {
    this.#unanswered.get(request)?.abort();
    const stream = this.#streams.get(request);
    if (stream === undefined) return;
    this.#streams.delete(request);
    this.#options.outlet.leave(stream.cohort);
    stream.ended?.(reason);
  }

  /** Call this method when the worker and all its connections have ended. */
  close(): void {
    this.#closed = true;
    for (const request of [...this.#streams.keys(), ...this.#unanswered.keys()])
      this.ended(request, "server");
    for (const { reject } of this.#bodies.values()) reject(connectionEnded());
    this.#bodies.clear();
  }

  #asGatewayRequest({
    request,
    method,
    version,
    path,
    query,
    headers,
    peer,
    isDirect,
    isTls,
  }: RequestMessage): GatewayRequest {
    const values = new Map(headers);
    const controller = new AbortController();
    this.#unanswered.set(request, controller);
    return {
      method,
      version,
      path,
      query,
      peer,
      header: (name) => values.get(name),
      body: () => this.#readBody(request),
      disconnectSignal: () => controller.signal,
      front: "http",
      isDirect,
      isTls,
    };
  }

  /** The worker keeps a body until the hub requests it. */
  #readBody(request: RequestNumber): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#bodies.set(request, { resolve, reject });
      this.#options.peer.send({ kind: "read-body", request });
      if (this.#closed) reject(connectionEnded());
    });
  }

  #reply(
    request: RequestNumber,
    { status, headers, contentLength, body }: Reply,
    subject: string | undefined,
  ): void {
    this.#options.peer.send({ kind: "reply", request, status, headers, contentLength, subject }, body);
  }

  /**
   * Sends the result of a client's message. The hub has sent the batches of the old cohort before this result, and
   * sends the batches of the new cohort after it.
   */
  #sendResult(request: RequestNumber, { answer, moved, renewed }: MessageResult): void {
    const stream = this.#streams.get(request);
    if (stream === undefined) return;
    const { outlet, peer } = this.#options;
    const move = moved && outlet.move(stream.cohort, moved);
    if (move !== undefined) stream.cohort = move.place.cohort;
    peer.send({ kind: "message-result", request, ...move, renewed }, answer ?? nothing);
  }

  #start(request: RequestNumber, start: AdmittedStream<StreamStart>, subject: string | undefined): void {
    const { outlet, peer } = this.#options;
    const { dialogue, headers, expiresAtMs, isChunked = false, opening, topics } = start;
    const place = outlet.join(start.ticket);
    const ended = start.opened?.((reason, last) => peer.send({ kind: "withdraw", request, reason }, last));
    this.#streams.set(request, { dialogue, cohort: place.cohort, ended });
    const kinds = dialogue === undefined ? [] : kindsOf(dialogue);
    const message = { kind: "stream", request, kinds, headers, expiresAtMs, isChunked, place } as const;
    peer.send({ ...message, topics, subject }, opening);
  }
}

function connectionEnded(): PharosError {
  return new PharosError("bad-request", "the connection ended in the middle of the body");
}
