import type { Logger } from "../../base/log.js";
import { unknownVariables } from "../../config/unknown-variables.js";
import type { Io } from "../terminal/io.js";

/** Warns of variables that look like settings, but set nothing. */
export function warnOfUnknownVariables({ environment }: Io, logger: Logger): void {
  const variables = unknownVariables(environment);
  if (variables.length > 0) logger.warn({ variables }, "unknown variables have no effect");
}
