import { PharosError } from "../errors.js";
import type { TopicFilter } from "../hub/filter.js";
import { parseMqttFilter } from "../hub/filter.js";
import { publicOnly } from "../hub/rights.js";
import { defaultTopic, healthPath, streamPath } from "../protocol.js";
import { encodeComment, encodeRetry } from "../sse/encode.js";
import { Cors } from "./cors.js";
import { eventStreamFormat } from "./event-stream-format.js";
import { encodeHead } from "./http-head.js";
import type { Answer, GatewayRequest, Headers, Reply } from "./messages.js";
import { parseQuery } from "./query.js";
import { asProblem, emptyReply, jsonReply, problemReply } from "./replies.js";

export interface GatewayOptions {
  /** The reconnection time that each stream tells its client, in milliseconds. */
  readonly retryMs: number;
  /** Origins whose pages may read streams. */
  readonly corsOrigins: readonly string[];
  readonly filtersPerConnection: number;
  readonly filterBytes: number;
  /** False when no further stream with these filters may be opened. */
  readonly hasRoom: (filters: readonly TopicFilter[]) => boolean;
  /** What `/healthz` says beside `status`. */
  readonly health: () => Readonly<Record<string, unknown>>;
}

/** The head of every stream; the first three lines are those of the example of 2011. */
const streamHeaders: Headers = [
  ["Content-Type", "text/event-stream"],
  ["Expires", "Fri, 01 Jan 1990 00:00:00 GMT"],
  ["Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"],
  ["Pragma", "no-cache"],
  // nginx would hold events back until a buffer is full.
  ["X-Accel-Buffering", "no"],
  ["X-Content-Type-Options", "nosniff"],
];

/** The stream ends with its connection: identical bytes for everybody, no chunk sizes in between. */
const endsWithConnection: Headers = [["Connection", "close"]];

const readMethods = "GET, HEAD, OPTIONS";

/** What a request means, whoever carried it. Knows neither sockets nor servers; never throws. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #cors: Cors;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#cors = new Cors(options.corsOrigins);
  }

  /** Answers a request, or says which stream to open. Everything that is not served gets a refusal with its reason. */
  handle(request: GatewayRequest): Answer {
    try {
      const answer = this.#route(request);
      return request.method === "HEAD" ? headOf(answer) : answer;
    } catch (error) {
      return this.refuse(request, error);
    }
  }

  /** The answer to a request that a front could not take, or that failed. */
  refuse(request: GatewayRequest | undefined, error: unknown): Reply {
    const problem = asProblem(error);
    if (request === undefined) return problemReply(problem);
    const reply = problemReply(problem, this.#cors.headersFor(request));
    return request.method === "HEAD" ? headOf(reply) : reply;
  }

  #route(request: GatewayRequest): Answer {
    const serve = this.#resourceAt(request.path);
    switch (request.method) {
      case "GET":
      case "HEAD":
        return serve(request);
      case "OPTIONS":
        return this.#preflight(request);
      default: {
        const error = new PharosError("method-not-allowed", `${request.path} takes ${readMethods}`);
        return problemReply(error, [["Allow", readMethods], ...this.#cors.headersFor(request)]);
      }
    }
  }

  #resourceAt(path: string): (request: GatewayRequest) => Answer {
    if (path === streamPath) return (request) => this.#stream(request);
    if (path === healthPath) return (request) => this.#health(request);
    throw new PharosError("not-found", `nothing is served here; streams are at ${streamPath}`);
  }

  #stream(request: GatewayRequest): Answer {
    const query = parseQuery(request.query);
    const filters = this.#filters(query);
    if (!this.#options.hasRoom(filters)) {
      throw new PharosError(
        "too-many-connections",
        "the server has as many streams, or filters with wildcards, as it may have; try again later",
      );
    }
    const lastEventId = present(request.header("last-event-id")) ?? present(valueOf(query, "last_event_id"));
    const topics = filters.map((filter) => filter.text);
    const headers = [...streamHeaders, ...this.#cors.headersFor(request)];
    const head = Buffer.concat([
      encodeHead(200, [...headers, ...endsWithConnection]),
      encodeComment(`pharos, topics ${JSON.stringify(topics)}`),
      encodeRetry(this.#options.retryMs),
    ]);
    const subscription = { format: eventStreamFormat, filters, rights: publicOnly };
    return { kind: "stream", headers, head, subscription, lastEventId };
  }

  #filters(query: readonly (readonly [string, string])[]): readonly TopicFilter[] {
    const { filtersPerConnection, filterBytes } = this.#options;
    const texts = new Set(query.flatMap(([name, value]) => (name === "topic" ? [value] : [])));
    if (texts.size > filtersPerConnection) {
      throw new PharosError("bad-filter", `a stream may have at most ${filtersPerConnection} topic filters`);
    }
    if (texts.size === 0) texts.add(defaultTopic);
    return [...texts].map((text) => parseMqttFilter(text, filterBytes));
  }

  #health(request: GatewayRequest): Reply {
    return jsonReply(200, { status: "ok", ...this.#options.health() }, this.#cors.headersFor(request));
  }

  #preflight(request: GatewayRequest): Reply {
    return emptyReply(204, [
      ["Allow", readMethods],
      ...this.#cors.headersFor(request),
      ...this.#cors.preflightFor(request, readMethods),
    ]);
  }
}

/** The answer to HEAD: the head that GET would have, without body or stream, so that the connection can be used on. */
function headOf(answer: Answer): Reply {
  if (answer.kind === "reply") return { ...answer, body: Buffer.alloc(0) };
  return {
    kind: "reply",
    status: 200,
    headers: answer.headers,
    contentLength: undefined,
    body: Buffer.alloc(0),
  };
}

function valueOf(query: readonly (readonly [string, string])[], name: string): string | undefined {
  return query.find(([key]) => key === name)?.[1];
}

/** An empty cursor is none: so browsers and some libraries say that they have no id yet. */
function present(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
