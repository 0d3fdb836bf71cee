import type { QuietFormat } from "../gateway/protocol.js";
import { protocols } from "./protocols.js";

/** The formats of all protocols, by name. */
export const quietFormats: ReadonlyMap<string, QuietFormat> = new Map(
  protocols.flatMap(({ formats }) => formats).map((format) => [format.name, format]),
);
