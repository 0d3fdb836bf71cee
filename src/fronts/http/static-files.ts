import { basename, extname } from "node:path";
import type { FastifyStaticOptions } from "@fastify/static";

/**
 * How the folder of the hub's page is served: browsers ask each time whether a file has changed. Pages of every origin may
 * import the client library, which holds nothing of anybody's: a module from another origin is loaded with CORS alone
 * [HTML 8.1.4.2]. Whether they may read streams is another question. Pages are framed by those of the hub's own origin
 * alone, since what is clicked in them may publish; in the page itself that policy would not count [CSP 3, 6.4.2].
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
