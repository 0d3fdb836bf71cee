import type { Command } from "commander";

import type { Io } from "../terminal/io.js";
import { addSettingOptions, givenSettings } from "./setting-options.js";

/** Adds the command `check-config`. */
export function addCheckConfig(root: Command, io: Io): void {
  const command = root
    .command("check-config")
    .description(
      "Check the settings and files that a hub with the same options would use, and start nothing.",
    );
  addSettingOptions(command);
  command.action(async () => {
    const { runCheckConfig } = await import("./check-config.js");
    runCheckConfig(givenSettings(command), io);
  });
}
