import type { AdmittedStream } from "../delivery/joining/admitted-stream.js";
import type { Gateway } from "../gateway/gateway.js";
import type { Answer, GatewayRequest, Reply, StreamStart } from "../gateway/http/messages.js";
import type { ServedPath } from "../gateway/http/resource.js";

/** A request as the HTTP front passes it to the gateway. */
export interface FrontRequest extends GatewayRequest {
  /** The names of the headers, in lower case and without duplicates. */
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
