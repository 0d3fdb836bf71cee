import type { FastifyInstance } from "fastify";
import { PharosError } from "../../../base/errors.js";

/**
 * Limits the requests that `app` answers at the same time. Each request for a file needs a descriptor, until its client
 * has read the file. So clients that read nothing could use all descriptors. Further requests get 503.
 */
export function limitOpenFiles(app: FastifyInstance, most: number): void {
  let open = 0;
  app.addHook("onRequest", (_request, reply, done) => {
    if (open >= most) {
      const detail = `${most} files are being sent; try again later`;
      return done(new PharosError("too-many-connections", detail, { retryAfterSeconds: 1 }));
    }
    open += 1;
    // Node emits `close` once for each response, also if its client disconnects.
    reply.raw.once("close", () => void (open -= 1));
    done();
  });
}
