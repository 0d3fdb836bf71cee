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
  /** Finds the address of a client, for the log. */
  readonly clients: { clientOf(request: GatewayRequest): { readonly address: string } };
}

/** An error response to count and log. */
export interface NotedRefusal {
  readonly problem: PharosError;
  readonly status: number;
  readonly cause: unknown;
}

/** The most error responses per second that the hub logs at `info`. The hub logs further error responses at `debug`. */
const linesPerSecond = 10;

/** The log cuts longer texts of clients after this many characters. */
const mostCharacters = 200;

/** Counts and logs each error response, with an id that the client can quote. */
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
   * Counts and logs an error response, and returns its id, a URI [RFC 9562 4]. The client gets the text of `problem`.
   * The thrown error, `cause`, is only for the log.
   */
  note(request: GatewayRequest | undefined, refused: NotedRefusal): string {
    const { problem, status, cause } = refused;
    const id = `urn:uuid:${randomUUID()}`;
    const { logger, metrics } = this.#options;
    metrics.count("requests_refused_total", 1, { reason: problem.code });
    const fields = { request: id, ...problemFields(problem), ...this.#about(request) };
    // The hub logs all failures of the server; the limit applies to other error responses only.
    if (status >= 500 && problem !== cause) {
      logger.error({ ...fields, error: cause }, "a request failed");
    } else this.#log(fields, "refused a request");
    return id;
  }

  /** The log fields of a request, without its query and headers, since the query and headers may contain tokens. */
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
