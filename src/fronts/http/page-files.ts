import { basename } from "node:path";
import type { FastifyStaticOptions } from "@fastify/static";

/**
 * How the folder of the hub's page is served: browsers ask each time whether a file has changed. Pages of every origin may
 * import the client library, which holds nothing of anybody's: a module from another origin is loaded with CORS alone
 * [HTML 8.1.4.2]. Whether they may read streams is another question.
 */
export function pageFiles(root: string): FastifyStaticOptions {
  return {
    root,
    cacheControl: true,
    maxAge: 0,
    etag: true,
    setHeaders: (reply, path) => {
      if (basename(path).startsWith("pharos-client")) reply.header("Access-Control-Allow-Origin", "*");
    },
  };
}
