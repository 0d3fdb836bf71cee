import Fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PharosError } from "../../base/errors.js";
import type { Reply } from "../../gateway/http/messages.js";
import { jsonReply } from "../../gateway/http/replies.js";
import { problemReply, refuse } from "../../gateway/refusals/refuse.js";
import type { Logger } from "../../base/log.js";
import { AdminAccess } from "./access.js";
import type { AdminRequest } from "./access.js";
import { expositionType } from "./exposition.js";
import { servePages } from "./pages.js";

/** The most open connections; a scraper needs one. */
const mostConnections = 64;

/** The time for a request to arrive, in milliseconds. */
const requestWithinMs = 10_000;

export interface AdminServerOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /**
   * Requests with this token are allowed from anywhere; undefined: only programs on this machine are allowed.
   */
  readonly token: string | undefined;
  /** Returns all metrics in Prometheus' text format. */
  readonly metrics: () => string;
  /** Returns the status document. */
  readonly stats: () => unknown;
  /** The folder of the pages; only the operator's page is served from it. */
  readonly htmlDir: string;
  readonly logger: Logger;
}

/**
 * Serves `GET /metrics`, `GET /stats`, and at `/` a page that shows them. It has an address of its own, which clients
 * need not reach. It sends no CORS headers, so that pages of other origins cannot read its answers.
 */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #access: AdminAccess;
  readonly #app: FastifyInstance;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#access = new AdminAccess(options.token);
    this.#app = this.#createApp();
  }

  /**
   * Binds the port; resolves with the URL, which has the real port.
   *
   * @throws PharosError `unreachable` if the address cannot be bound
   */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    try {
      return await this.#app.listen({ host, port });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PharosError("unreachable", `the admin server cannot listen on ${host}:${port}: ${reason}`, {
        cause,
      });
    }
  }

  /** Safe to call twice, and before `listen`. */
  async close(): Promise<void> {
    await this.#app.close();
  }

  #createApp(): FastifyInstance {
    const { metrics, stats, htmlDir } = this.#options;
    const app = Fastify({ forceCloseConnections: true, requestTimeout: requestWithinMs });
    app.server.maxConnections = mostConnections;
    const pages = servePages(app, htmlDir);
    app.addHook("onRequest", (request, reply, done) => {
      // The route is compared, not the URL: one path can be written in many ways.
      const content = pages.has(request.routeOptions.url ?? "") ? "page" : "metrics";
      const refusal = this.#access.refusalOf(toAdminRequest(request), content);
      if (refusal === undefined) done();
      else void this.#refuse(reply, refusal);
    });
    app.get("/metrics", (_request, reply) =>
      reply.header("Cache-Control", "no-store").type(expositionType).send(metrics()),
    );
    app.get("/stats", (_request, reply) => sendReply(reply, jsonReply(200, stats())));
    app.setNotFoundHandler((_request, reply) =>
      this.#refuse(
        reply,
        new PharosError("not-found", "only GET /metrics, GET /stats and a page at / are served here"),
      ),
    );
    app.setErrorHandler((error, _request, reply) => {
      this.#options.logger.error({ error }, "an admin request failed");
      return this.#refuse(reply, error);
    });
    return app;
  }

  #refuse(reply: FastifyReply, error: unknown): FastifyReply {
    const refusal = refuse(error);
    this.#options.logger.debug({ reason: refusal.code, detail: refusal.detail }, "refused an admin request");
    return sendReply(reply, problemReply(refusal));
  }
}

function toAdminRequest(request: FastifyRequest): AdminRequest {
  return { peer: request.raw.socket.remoteAddress, header: (name) => valueOf(request, name) };
}

function valueOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.raw.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function sendReply(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  for (const [name, value] of headers) void reply.header(name, value);
  return reply.code(status).send(body);
}
