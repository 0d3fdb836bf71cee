import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.js";
import type { PharosError } from "../../base/errors.js";
import { limitedLog } from "../../base/log.js";
import type { LimitedLog, LogFields, Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { GatewayRequest } from "../http/messages.js";
import { statusOf } from "./status.js";

export interface RefusalLogOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** The client's address, for the log. */
  readonly addressOf: (request: GatewayRequest) => string;
}

/** Refusals that are logged at `info` a second; all others are at `debug`, so that a flood is no flood of lines. */
const linesPerSecond = 10;

/** What is longer, of what clients send, says nothing more. */
const mostCharacters = 200;

/** Counts and logs every refusal, under an id that its client can quote. */
export class RefusalLog {
  readonly #options: RefusalLogOptions;
  readonly #log: LimitedLog;

  constructor(options: RefusalLogOptions) {
    this.#options = options;
    const { logger, clock } = options;
    this.#log = limitedLog({
      logger,
      clock,
      periodMs: 1000,
      lines: linesPerSecond,
      level: "info",
      further: "debug",
    });
  }

  /**
   * Notes that a request is refused, and returns the id under which the log has it: a URI [RFC 9562 4]. `problem` is what
   * the client is told; `cause`, what really happened, is for the log alone.
   */
  note(request: GatewayRequest | undefined, problem: PharosError, cause: unknown): string {
    const id = `urn:uuid:${randomUUID()}`;
    const { logger, metrics } = this.#options;
    metrics.count("requests_refused_total", 1, { reason: problem.code });
    const fields = { request: id, ...told(problem), ...this.#about(request) };
    // What the server itself did wrong is never one of too many.
    if (statusOf(problem.code) >= 500 && problem !== cause) {
      logger.error({ ...fields, error: cause }, "a request failed");
    } else this.#log(fields, "refused a request");
    return id;
  }

  /** Neither the query nor a header: tokens are in them. */
  #about(request: GatewayRequest | undefined): LogFields {
    if (request === undefined) return {};
    const { method, path, front } = request;
    const client = this.#options.addressOf(request);
    return { client, front, method: cut(method), path: cut(path) };
  }
}

function told({ code, message, reason }: PharosError): LogFields {
  return { code, detail: cut(message), ...(reason === undefined ? {} : { reason: cut(reason) }) };
}

function cut(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
