import type { AdmittedStream } from "../../delivery/joining/admitted-stream.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Answer, GatewayRequest, Reply, StreamStart } from "../../gateway/http/messages.js";
import type { ServedPath } from "../../gateway/http/resource.js";

/** A request as the HTTP front passes it on. */
export interface FrontRequest extends GatewayRequest {
  /** The names in lower case, without duplicates. */
  headerNames(): readonly string[];
}

/** The part of the gateway that the front uses. The gateway may be in another process. */
export interface GatewayPort extends Pick<Gateway, "bodies" | "admitConnection" | "refuse"> {
  readonly resources: readonly ServedPath[];
  handle(request: FrontRequest): Answer | Promise<Answer>;
  admit(
    request: FrontRequest,
    start: StreamStart,
    open: (stream: AdmittedStream<StreamStart>) => void,
  ): Reply | undefined;
}
