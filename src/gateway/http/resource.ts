import type { Answer, GatewayRequest, Reply } from "./messages.js";
import type { Refusal } from "./refusal.js";

/** Serves one method of a resource; throws PharosError, or rejects with one, to refuse the request. */
export type Handler = (request: GatewayRequest) => Answer | Promise<Answer>;

/** The methods that anything here takes. GET serves HEAD too, and OPTIONS is answered for every resource. */
export type Method = "GET" | "POST" | "PUT" | "QUERY";

/** The part of a resource that decides routing. */
export interface ServedPath {
  /** As in a request line, percent escapes and all. */
  readonly path: string;
  /** True when it serves every path below its own too. */
  readonly below?: boolean | undefined;
  /** True when GET may open a stream. */
  readonly opensStreams?: boolean | undefined;
}

/** Something that is served at a path. */
export interface Resource extends ServedPath {
  /** True when nobody counts how often it is asked for: a load balancer's checks must not depend on its clients. */
  readonly isUncounted?: boolean;
  /** Which requests for its path are for it; others go to the next resource that serves the path. @default all */
  readonly claims?: ((request: GatewayRequest) => boolean) | undefined;
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
  /** Renders a refusal in the protocol's own form; undefined: as problem details. @default undefined for all */
  readonly renderRefusal?: (refusal: Refusal) => Reply | undefined;
}

/** True when a resource serves this path. */
export function serves(resource: Pick<ServedPath, "path" | "below">, path: string): boolean {
  return path === resource.path || (resource.below === true && path.startsWith(`${resource.path}/`));
}

/** The methods of a resource as an Allow header names them. */
export function allowedMethods({ methods }: Resource): string {
  const read = methods.GET === undefined ? [] : ["GET", "HEAD"];
  const others = Object.keys(methods).filter((method) => method !== "GET");
  return [...read, ...others, "OPTIONS"].join(", ");
}
