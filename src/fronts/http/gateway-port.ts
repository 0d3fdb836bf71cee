import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Answer, GatewayRequest, Reply, StreamStart } from "../../gateway/http/messages.js";
import type { ServedPath } from "../../gateway/http/resource.js";

/** A request as this front carries it. */
export interface FrontRequest extends GatewayRequest {
  /** In lower case, each once. */
  headerNames(): readonly string[];
}

/** What the front needs of the gateway, which may be in another process. */
export interface GatewayPort extends Pick<Gateway, "bodies" | "admitConnection" | "refuse"> {
  readonly resources: readonly ServedPath[];
  handle(request: FrontRequest): Answer | Promise<Answer>;
  admit(request: FrontRequest, start: StreamStart): Reply | AdmittedStream<StreamStart>;
}
