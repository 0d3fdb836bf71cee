import type { Command } from "commander";

import { isRepeatable } from "./terminal/repeatable.js";

/**
 * Refuses an option that is given twice, unless the option is repeatable: of two values, one would have no effect. Call
 * this when all commands are added.
 */
export function refuseRepeatedOptions(command: Command): void {
  for (const option of command.options.filter((each) => !isRepeatable(each))) {
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: option '${option.flags}' is given twice, allowed: once`);
      isGiven = true;
    });
  }
  for (const inner of command.commands) refuseRepeatedOptions(inner);
}
