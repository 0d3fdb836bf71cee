import type { Mongrel2Specs } from "../../config/values/addresses.js";
import { fanoutLimits } from "../../limits/fanout.js";
import type { FrontBuilder, FrontParts } from "../front.js";
import { Mongrel2Front } from "./mongrel2-front.js";
import { recordFile } from "./record-file.js";

/**
 * One front for each Mongrel2 server of the configuration. The fronts are named `mongrel2-1`, `mongrel2-2` and so on.
 */
export const mongrel2Fronts: FrontBuilder = (parts) =>
  parts.config.current.mongrel2.map((specs, index) => createFront(parts, specs, `mongrel2-${index + 1}`));

function createFront(parts: FrontParts, specs: Mongrel2Specs, name: string): Mongrel2Front {
  const { limits, targets, keepAliveSeconds, stateDir } = parts.config.current;
  const record = recordFile(stateDir, specs);
  return new Mongrel2Front({
    ...parts,
    name,
    fanout: parts.config.derive((settings) => fanoutLimits(settings, settings.limits.mongrel2RoundBytes)),
    sendSpec: specs.send,
    recvSpec: specs.recv,
    ...(specs.control === undefined ? {} : { controlSpec: specs.control }),
    ...(record === undefined ? {} : { recordFile: record }),
    targets,
    keepAliveMs: keepAliveSeconds * 1000,
    roundBytes: limits.mongrel2RoundBytes,
    windowBytes: limits.mongrel2WindowBytes,
  });
}
