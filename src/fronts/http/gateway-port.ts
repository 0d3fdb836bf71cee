import type { Gateway } from "../../gateway/gateway.js";
import type { GatewayRequest, Reply, StreamStart } from "../../gateway/http/messages.js";
import type { ServedPath } from "../../gateway/http/resource.js";

/** A request as this front carries it. */
export interface FrontRequest extends GatewayRequest {
  /** In lower case, each once. */
  headerNames(): readonly string[];
}

/** What the front needs of the gateway, which may be in another process. `S` is what a stream's cohort is found by. */
export interface GatewayPort<S> extends Pick<Gateway, "bodies" | "admitConnection" | "refuse"> {
  readonly resources: readonly ServedPath[];
  handle(request: FrontRequest): Reply | StreamStart<S> | Promise<Reply | StreamStart<S>>;
  admit(request: FrontRequest, start: StreamStart<S>): Reply | StreamStart<S>;
}
