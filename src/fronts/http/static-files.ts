import { basename, extname } from "node:path";
import type { FastifyStaticOptions } from "@fastify/static";

/**
 * How the folder of the hub's page is served. Browsers ask each time whether a file has changed. Pages of any origin
 * may import the client library, which contains nothing private; CORS is required for that [HTML 8.1.4.2]. The hub's
 * pages may be framed only by its own origin, since clicks in them may publish. A policy inside the page would be
 * ignored [CSP 3, 6.4.2].
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
