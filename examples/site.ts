import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, loadConfig, silentLogger } from "pharos";

/** The response to a request that is not for the page. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SiteOptions {
  /** The page, an HTML file. */
  readonly page: URL;
  /** Settings of the hub, as environment variables. @default none */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Answers requests that are not for the page. If the function returns undefined, the response is 404. @default 404
   * for all such requests
   */
  readonly answer?: ((request: IncomingMessage) => Promise<Answer | undefined>) | undefined;
}

/** The addresses of the hub and of the page. */
export interface Site {
  /** The URL of the hub; publish here. */
  readonly hub: string;
  /** The URL of the page. */
  readonly page: string;
}

/**
 * Starts a hub and a server for the page, and prints the page's URL. The page has another origin than the hub, as in
 * production. The page imports the hub's URL from `./hub.js`. `PORT` is the port of the page, by default a free port.
 */
export async function startSite({ page, settings = {}, answer }: SiteOptions): Promise<Site> {
  let hub = "";
  const server = createServer((request, response) => {
    void respond(request, { page, hub, answer }).then((given) => write(response, given));
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  hub = await startHub({ PHAROS_CORS_ORIGIN: origin, ...settings });
  console.log(`open ${origin}/`);
  return { hub, page: origin };
}

/** Starts the hub in this process, with the same effect as `pharos serve --open on`. */
async function startHub(settings: Readonly<Record<string, string>>): Promise<string> {
  const environment = {
    PHAROS_HTTP: "127.0.0.1:0",
    PHAROS_INGEST: "@tcp://127.0.0.1:*",
    PHAROS_ADMIN: "off",
    PHAROS_STATE_DIR: "off",
    PHAROS_OPEN: "on",
    ...settings,
  };
  const app = await createApp(loadConfig({ environment }), { logger: silentLogger, version: "example" });
  return app.ready.http ?? "";
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function respond(
  request: IncomingMessage,
  { page, hub, answer }: { page: URL; hub: string; answer: SiteOptions["answer"] },
): Promise<Answer> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (path === "/") return { status: 200, headers: html, body: await readFile(page, "utf8") };
  if (path === "/hub.js")
    return { status: 200, headers: javascript, body: `export const hub = ${JSON.stringify(hub)};\n` };
  return (await answer?.(request)) ?? { status: 404 };
}

const html = { "Content-Type": "text/html; charset=utf-8" };
const javascript = { "Content-Type": "text/javascript; charset=utf-8" };

function write(response: ServerResponse, { status, headers = {}, body = "" }: Answer): void {
  response.writeHead(status, headers).end(body);
}
