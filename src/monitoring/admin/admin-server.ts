import Fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Reply } from "../../gateway/http/messages.js";
import { RequestHead, nodeHeadLimits } from "../../gateway/limits/request-head.js";
import { declaredRequestLimits } from "../../limits/requests.js";
import { probes } from "../../gateway/http/probes.js";
import type { ReadinessReport } from "../../gateway/http/probes.js";
import { jsonReply } from "../../gateway/http/replies.js";
import { problemReply, refuse } from "../../gateway/refusals/refuse.js";
import type { Logger } from "../../base/log.js";
import type { Family } from "../../base/metrics.js";
import type { AdminAccess, AdminContent, AdminRequest } from "./access.js";
import { expositionFor } from "./exposition.js";
import { servePages } from "./pages.js";

/** The time-out for receiving a request, in milliseconds. */
const requestWithinMs = 10_000;

const headLimits = {
  headBytes: declaredRequestLimits.headBytes.default,
  headerLines: declaredRequestLimits.headerLines.default,
};

export interface AdminServerOptions {
  readonly host: string;
  /** The port to listen on; 0 selects a free port. */
  readonly port: number;
  /** The most open connections. A program that reads the metrics needs one. */
  readonly connections: number;
  readonly access: AdminAccess;
  /** Returns all metrics, under their full names. */
  readonly metrics: () => readonly Family[];
  /** Returns the status document. */
  readonly stats: () => unknown;
  readonly readiness: () => ReadinessReport;
  /** The folder of the pages. The server serves only the operator's page from this folder. */
  readonly htmlDir: string;
  readonly logger: Logger;
}

/**
 * Serves `GET /metrics`, `GET /stats`, and at `/` a page that shows both. `GET /livez` and `GET /readyz` need no token,
 * and any machine may send them: they tell no figures. The server has its own address, which the
 * hub's clients need not reach. The server sends no CORS headers, so that pages of other origins cannot read its
 * responses.
 */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #app: FastifyInstance;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#app = this.#createApp();
  }

  /**
   * Binds the port. Resolves with the URL, which contains the bound port.
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

  /** Closes the server. Safe to call twice, and before `listen`. */
  async close(): Promise<void> {
    await this.#app.close();
  }

  #createApp(): FastifyInstance {
    const { access, metrics, stats } = this.#options;
    const { maxHeaderSize, maxHeadersCount } = nodeHeadLimits(headLimits);
    const app = Fastify({
      forceCloseConnections: true,
      requestTimeout: requestWithinMs,
      http: { maxHeaderSize, requireHostHeader: false },
    });
    app.server.maxConnections = this.#options.connections;
    app.server.maxHeadersCount = maxHeadersCount;
    // Node itself would answer such a request, without problem details.
    app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
    const contentOf = this.#serveOpen(app);
    app.addHook("onRequest", (request, reply, done) => {
      // The hook compares the route and not the URL, since clients can write one path in many ways.
      const content = contentOf.get(request.routeOptions.url ?? "");
      const head = new RequestHead(request.raw);
      const refusal = head.faultOf(headLimits) ?? access.refusalOf(toAdminRequest(request, head), content);
      if (refusal === undefined) done();
      else void this.#refuse(reply, refusal);
    });
    app.get("/metrics", (request, reply) => {
      const { type, encode } = expositionFor(request.headers.accept);
      return reply
        .headers({ "Cache-Control": "no-store", Vary: "Accept" })
        .type(type)
        .send(encode(metrics()));
    });
    app.get("/stats", (_request, reply) => sendReply(reply, jsonReply(200, stats())));
    app.setNotFoundHandler(({ method, url }, reply) => {
      const given = quoteValue(`${method} ${url.split("?", 1)[0] ?? ""}`);
      const message = `only GET /metrics, GET /stats, GET /livez, GET /readyz and a page at / are served here, not ${given}`;
      return this.#refuse(reply, new PharosError("not-found", message));
    });
    app.setErrorHandler((error, _request, reply) => {
      this.#options.logger.error({ error }, "an admin request failed");
      return this.#refuse(reply, error);
    });
    return app;
  }

  /** Serves everything that needs no token. Returns its routes. */
  #serveOpen(app: FastifyInstance): ReadonlyMap<string, AdminContent> {
    const { htmlDir, readiness } = this.#options;
    const contentOf = new Map<string, AdminContent>();
    for (const path of servePages(app, htmlDir)) contentOf.set(path, "page");
    for (const [path, answer] of probes(readiness)) {
      app.get(path, (_request, reply) => sendReply(reply, answer()));
      contentOf.set(path, "probe");
    }
    return contentOf;
  }

  #refuse(reply: FastifyReply, error: unknown): FastifyReply {
    const refusal = refuse(error);
    this.#options.logger.debug({ reason: refusal.code, detail: refusal.detail }, "refused an admin request");
    return sendReply(reply, problemReply(refusal));
  }
}

function toAdminRequest(request: FastifyRequest, head: RequestHead): AdminRequest {
  return { peer: request.raw.socket.remoteAddress, header: (name) => head.value(name) };
}

function sendReply(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  for (const [name, value] of headers) void reply.header(name, value);
  return reply.code(status).send(body);
}
