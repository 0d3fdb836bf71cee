import type { FastifyInstance } from "fastify";
import { PharosError } from "../../../base/errors.js";

/** The files that are being sent. */
export interface OpenFiles {
  readonly most: number;
  count: number;
}

/**
 * Limits the requests that all apps with this count answer at the same time. Each request for a file needs a descriptor,
 * until its client has read the file. So clients that read nothing could use all descriptors. Further requests get 503.
 */
export function limitOpenFiles(app: FastifyInstance, open: OpenFiles): void {
  app.addHook("onRequest", (_request, reply, done) => {
    if (open.count >= open.most) {
      const detail = `${open.most} files are being sent; try again later`;
      return done(new PharosError("too-many-connections", detail, { retryAfterSeconds: 1 }));
    }
    open.count += 1;
    // Node emits `close` once for each response, also if its client disconnects.
    reply.raw.once("close", () => void (open.count -= 1));
    done();
  });
}
