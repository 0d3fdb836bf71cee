import fastifyStatic from "@fastify/static";
import Fastify from "fastify";
import type { FastifyInstance } from "fastify";
import type { FrontRequest } from "../../gateway-port.js";
import type { FileAnswer, PageFiles } from "../../http2/page-files.js";
import { knownError } from "../input/known-error.js";
import { limitOpenFiles } from "./limit-open-files.js";
import type { OpenFiles } from "./limit-open-files.js";
import { staticFiles } from "./static-files.js";

export interface FastifyFilesOptions {
  /** The folder of the page. */
  readonly htmlDir: string;
  /** Counts the files that are open, with those of other protocols. */
  readonly openFiles: OpenFiles;
}

/** The error of a response, for the caller. The response then does not matter. */
const failures = new WeakMap<object, unknown>();

/**
 * Answers requests for the files of the page with the same library as the server of HTTP/1, for requests that do not come
 * from Node's HTTP server.
 */
export class FastifyFiles implements PageFiles {
  readonly #app: FastifyInstance;

  constructor({ htmlDir, openFiles }: FastifyFilesOptions) {
    const app = Fastify({
      exposeHeadRoutes: false,
      frameworkErrors: (error, _request, reply) => {
        failures.set(reply.raw, error);
        reply.raw.end();
      },
    });
    app.setErrorHandler((error, _request, reply) => {
      failures.set(reply.raw, error);
      void reply.send("");
    });
    app.setNotFoundHandler((_request, reply) => reply.code(404).send(""));
    limitOpenFiles(app, openFiles);
    void app.register(fastifyStatic, staticFiles(htmlDir));
    this.#app = app;
  }

  async ready(): Promise<void> {
    await this.#app.ready();
  }

  async answer(request: FrontRequest): Promise<FileAnswer | undefined> {
    const { method, path, query } = request;
    if (!isPlain(path)) return undefined;
    const names = request.headerNames();
    const response = await this.#app.inject({
      method: method === "HEAD" ? "HEAD" : "GET",
      url: query === "" ? path : `${path}?${query}`,
      headers: Object.fromEntries(names.map((name) => [name, request.header(name) ?? ""])),
      payloadAsStream: true,
    });
    const body = response.stream();
    // A caller that leaves in the middle only destroys the body. The library then keeps the file open.
    body.once("close", () => response.raw.res.destroy());
    const failure = failures.get(response.raw.res);
    if (failure === undefined && response.statusCode !== 404)
      return { status: response.statusCode, headers: headersOf(response.headers), body };
    body.destroy();
    if (failure !== undefined) throw knownError(failure) ?? failure;
    return undefined;
  }

  async close(): Promise<void> {
    await this.#app.close();
  }
}

/** False for a path that the library would read in another way, such as `/a/../b` or `/\\host/a`. No file has one. */
function isPlain(path: string): boolean {
  return !/[\\#[\]]|\/\/|\/\.{1,2}(?:\/|$)|%2e/i.test(path);
}

function headersOf(headers: Readonly<Record<string, unknown>>): FileAnswer["headers"] {
  return Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
}
