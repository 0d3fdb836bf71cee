import { basename, extname } from "node:path";
import type { FastifyStaticOptions } from "@fastify/static";

/**
 * The settings for serving the folder of the hub's page. Browsers must ask at each use whether a file has changed.
 * Pages of any origin may import the client library, which contains nothing private. The import requires CORS headers
 * [HTML 8.1.4.2]. Only pages of the hub's own origin may show the hub's pages in an iframe, since a click in the hub's
 * pages may publish. Browsers ignore `frame-ancestors` in a page's HTML, so this policy is a header [CSP 3, 6.4.2].
 */
export function staticFiles(root: string): FastifyStaticOptions {
  return {
    root,
    cacheControl: true,
    maxAge: 0,
    etag: true,
    setHeaders: (reply, path) => {
      if (basename(path).startsWith("pharos-client")) reply.header("Access-Control-Allow-Origin", "*");
      if (extname(path) === ".html") reply.header("Content-Security-Policy", "frame-ancestors 'self'");
    },
  };
}
