import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { FastifyInstance } from "fastify";

/** Where the operator's view is. */
const viewPath = "/operator/";

/** Its files, and those that it has in common with the public page. A list, so that nothing else can be asked for. */
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

/** Nothing from elsewhere runs or is asked, and no other page frames this one. */
const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  // They may be of another version after the next start.
  "Cache-Control": "no-cache",
};

/**
 * Serves the operator's view from the folder of the pages: `/` leads to it. Its files are no secret; the figures that
 * it shows are, and it asks for them with the token that it has been given.
 *
 * @returns the paths of its routes
 */
export function servePages(app: FastifyInstance, htmlDir: string): ReadonlySet<string> {
  // Relative, so that it works below whatever a proxy puts before it.
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
