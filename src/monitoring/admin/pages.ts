import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { FastifyInstance } from "fastify";

/** The path of the operator's page. */
const viewPath = "/operator/";

/**
 * The files of the operator's page, including files of the public page that the operator's page also uses. The server
 * serves no other file.
 */
const files = [
  "operator/cards.js",
  "operator/figures.js",
  "operator/format.js",
  "operator/index.html",
  "operator/operator.css",
  "operator/operator.js",
  "operator/tables.js",
  "favicon.svg",
  "sparkline.js",
  "theme.css",
  "theme.js",
] as const;

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * With these headers, the page loads nothing from another origin, and no other page can show this page in an iframe.
 */
const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  // The files may change when the hub restarts.
  "Cache-Control": "no-cache",
};

/**
 * Serves the operator's page from the folder of the pages; `/` redirects to this page. The page's files are public,
 * but the metrics are not: the page requests the metrics with the token that the operator has typed in.
 *
 * @returns the paths of its routes
 */
export function servePages(app: FastifyInstance, htmlDir: string): ReadonlySet<string> {
  // The target is relative, so that the redirect works behind a proxy that adds a path.
  app.get("/", (_request, reply) => reply.redirect(viewPath.slice(1)));
  const paths = files.map((file) => [`/${file.replace(/index\.html$/, "")}`, file] as const);
  for (const [path, file] of paths) {
    app.get(path, async (_request, reply) =>
      reply
        .headers(headers)
        .type(types[extname(file)] ?? "application/octet-stream")
        .send(await readFile(join(htmlDir, file))),
    );
  }
  return new Set(["/", ...paths.map(([path]) => path)]);
}
