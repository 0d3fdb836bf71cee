import type { Protocol } from "../gateway/protocol.js";
import { mercureProtocol } from "./mercure/protocol.js";
import { pharosProtocol } from "./pharos/protocol.js";
import { pushStreamProtocol } from "./push-stream/protocol.js";

/**
 * Every protocol of the hub, in order of precedence. The first resource that serves a path and claims the request
 * handles the request. The push stream module is first: without a prefix, the module shares `/ws` with the hub's own
 * protocol.
 */
export const protocols: readonly Protocol[] = [pushStreamProtocol, pharosProtocol, mercureProtocol];
