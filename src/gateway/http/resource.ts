import type { Answer, GatewayRequest, Reply } from "./messages.js";
import type { Refusal } from "./refusal.js";

/**
 * Serves one method of a resource. To reject a request, a handler throws a PharosError or returns a promise that
 * rejects with a PharosError.
 */
export type Handler = (request: GatewayRequest) => Answer | Promise<Answer>;

/** The methods that resources can serve. A resource with GET also serves HEAD; the gateway itself answers OPTIONS. */
export type Method = "GET" | "POST" | "PUT" | "DELETE" | "QUERY";

/** The part of a resource that decides routing. */
export interface ServedPath {
  /** The path in the form of a request line, with its percent escapes. */
  readonly path: string;
  /** True if the resource also serves every path below its own. */
  readonly below?: boolean | undefined;
  /** True if GET may open a stream. */
  readonly opensStreams?: boolean | undefined;
}

/** The methods that are served at a path. */
export interface Resource extends ServedPath {
  /**
   * True if the hub does not count requests to this resource against the limits of a client, so that health checks
   * always get a response.
   */
  readonly isUncounted?: boolean;
  /** Returns false for requests that the next resource at this path should serve. @default always true */
  readonly claims?: ((request: GatewayRequest) => boolean) | undefined;
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
  /** Renders an error response in the protocol's own form; undefined: as problem details. @default undefined for all */
  readonly renderRefusal?: (refusal: Refusal) => Reply | undefined;
}

/** True if the resource serves this path. */
export function serves(resource: Pick<ServedPath, "path" | "below">, path: string): boolean {
  return path === resource.path || (resource.below === true && path.startsWith(`${resource.path}/`));
}

/** The methods of a resource, formatted as an `Allow` header. */
export function allowedMethods({ methods }: Resource): string {
  const read = methods.GET === undefined ? [] : ["GET", "HEAD"];
  const others = Object.keys(methods).filter((method) => method !== "GET");
  return [...read, ...others, "OPTIONS"].join(", ");
}
