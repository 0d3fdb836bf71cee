import type { HeartbeatFormat } from "../gateway/protocol.js";
import { protocols } from "./protocols.js";

/** The formats of all protocols, by name. */
export const heartbeatFormats: ReadonlyMap<string, HeartbeatFormat> = new Map(
  protocols.flatMap(({ formats }) => formats).map((format) => [format.name, format]),
);
