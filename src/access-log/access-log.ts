import type { Clock } from "../base/clock.js";
import { rememberLast } from "../base/live/remember-last.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import { findClient, Networks, unknownAddress } from "../gateway/http/client-address.js";
import { clientScheme } from "../gateway/http/client/client-scheme.js";
import { accessLine, beginningOf, type LoggedRequest, type RequestEnd } from "./access-line.js";
import type { LineOutput } from "./line-output.js";
import { LineQueue } from "./line-queue.js";

export interface AccessLogOptions {
  readonly output: LineOutput;
  readonly settings: {
    /** The proxies whose headers name the client. They may change. */
    readonly trustedProxies: readonly string[];
    readonly limits: {
      /** The most bytes of lines that wait for the output. */
      readonly accessLogBytes: number;
    };
  };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Bytes of a client that are no request. */
export type UnreadRequest = Pick<LoggedRequest, "front" | "peer">;

/**
 * Writes one line for each finished request, and for each stream at its end. The line has the address and the scheme of
 * the client as the limits see them, and no token. The hub never waits for the log: see {@link LineQueue}.
 */
export class AccessLog {
  readonly #shared: Shared;
  readonly #settings: AccessLogOptions["settings"];
  readonly #networksOf = rememberLast((networks: readonly string[]) => new Networks(networks));

  constructor(options: AccessLogOptions) {
    const queue = new LineQueue({ ...options, waitingBytes: options.settings.limits.accessLogBytes });
    this.#shared = { clock: options.clock, queue, streams: new Set() };
    this.#settings = options.settings;
  }

  /** Begins a request. For bytes that are no request, the line has only the address. */
  begin(request: LoggedRequest | UnreadRequest): OpenAccess {
    return new OpenAccess(this.#beginningOf(request), this.#shared);
  }

  /** Opens the file of the log again. A renamed file is noticed without a call, within a second. */
  reopen(): void {
    this.#shared.queue.reopen();
  }

  /** Writes all lines, in a second at most. Streams that are still open get their line, too. */
  close(): Promise<void> {
    const { queue, streams } = this.#shared;
    for (const stream of streams) stream.finish();
    return queue.close();
  }

  #beginningOf(request: LoggedRequest | UnreadRequest): string {
    const isRequest = "method" in request;
    const proxies = this.#networksOf(this.#settings.trustedProxies);
    const forwardedFor = isRequest ? request.header("x-forwarded-for") : undefined;
    const { address = unknownAddress, passed } = findClient({ peer: request.peer, forwardedFor }, proxies);
    if (!isRequest) return `"front":"${request.front}","address":"${address}"`;
    return beginningOf(request, { address, scheme: clientScheme(request, passed) });
  }
}

/** The parts of the log that all open requests use. */
interface Shared {
  readonly clock: Clock;
  readonly queue: LineQueue;
  /** The streams that are open. */
  readonly streams: Set<OpenAccess>;
}

const nothing = (): void => undefined;

/** A request that has begun. A stream keeps only this object and one short text until its end. */
export class OpenAccess {
  readonly #beginning: string;
  readonly #shared: Shared;
  readonly #startedMs: number;
  /** The subject of the client's token. */
  subject: string | undefined;
  /** Calls {@link end} with what is known now; set by {@link becomeStream}. */
  finish: () => void = nothing;
  #isEnded = false;

  constructor(beginning: string, shared: Shared) {
    this.#beginning = beginning;
    this.#shared = shared;
    this.#startedMs = shared.clock.monotonic();
  }

  /** The request is a stream now. If the log closes first, it calls `finish`, which calls {@link end}. */
  becomeStream(finish: () => void): void {
    this.finish = finish;
    this.#shared.streams.add(this);
  }

  /** Writes the line. Only the first call has an effect. */
  end({
    status,
    bytes,
    kind = "request",
    isComplete = true,
    topics,
  }: Pick<RequestEnd, "status" | "bytes"> &
    Partial<Pick<RequestEnd, "kind" | "isComplete" | "topics">>): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { clock, queue, streams } = this.#shared;
    streams.delete(this);
    const end = { kind, status, bytes, isComplete, subject: this.subject, topics };
    const durationMs = clock.monotonic() - this.#startedMs;
    queue.add(accessLine(this.#beginning, end, { nowMs: clock.now(), durationMs }));
  }
}
