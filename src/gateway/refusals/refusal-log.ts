import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.js";
import type { PharosError } from "../../base/errors.js";
import { limitedLog } from "../../base/log.js";
import type { LimitedLog, LogFields, Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { GatewayRequest } from "../http/messages.js";

export interface RefusalLogOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Tells the address of a client, for the log. */
  readonly clients: { clientOf(request: GatewayRequest): { readonly address: string } };
}

/** A refusal to count and log. */
export interface NotedRefusal {
  readonly problem: PharosError;
  readonly status: number;
  readonly cause: unknown;
}

/** The most refusals per second that are logged at `info`; further ones are logged at `debug`. */
const linesPerSecond = 10;

/** Longer texts of clients are cut in the log. */
const mostCharacters = 200;

/** Counts and logs each refusal, with an id that its client can quote. */
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
   * Counts and logs a refusal, and returns its id, a URI [RFC 9562 4]. The client gets the text of `problem`; `cause`, the
   * error that was thrown, is only for the log.
   */
  note(request: GatewayRequest | undefined, refused: NotedRefusal): string {
    const { problem, status, cause } = refused;
    const id = `urn:uuid:${randomUUID()}`;
    const { logger, metrics } = this.#options;
    metrics.count("requests_refused_total", 1, { reason: problem.code });
    const fields = { request: id, ...problemFields(problem), ...this.#about(request) };
    // It logs all failures of the server; the limit is for refusals only.
    if (status >= 500 && problem !== cause) {
      logger.error({ ...fields, error: cause }, "a request failed");
    } else this.#log(fields, "refused a request");
    return id;
  }

  /** Neither the query nor headers: they may hold tokens. */
  #about(request: GatewayRequest | undefined): LogFields {
    if (request === undefined) return {};
    const { method, path, front } = request;
    const client = this.#options.clients.clientOf(request).address;
    return { client, front, method: cut(method), path: cut(path) };
  }
}

function problemFields({ code, message, reason }: PharosError): LogFields {
  return { code, detail: cut(message), ...(reason === undefined ? {} : { reason: cut(reason) }) };
}

function cut(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
