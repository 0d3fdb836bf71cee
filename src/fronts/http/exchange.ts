import type { FastifyReply } from "fastify";
import type { FrontRequest } from "../gateway-port.js";
import type { RequestBody } from "./input/request-body.js";
import type { OpenRequest } from "./request-access.js";

/** A request that is not answered yet, and its response. */
export interface Exchange {
  readonly request: FrontRequest;
  readonly body: RequestBody;
  readonly reply: FastifyReply;
  /** The request for the access log; set when the front begins to answer, if there is an access log. */
  access: OpenRequest | undefined;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Set when the front first needs it. A property, and not a WeakMap: see `BodyMessage.head`. */
    exchange: Exchange | undefined;
  }
}
