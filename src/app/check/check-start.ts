import { messageOf } from "../../base/errors.js";
import type { Config } from "../../config/config.js";
import { accessLogChecks } from "./access-log-checks.js";
import type { Check, CheckPorts } from "./check.js";
import { listeningChecks } from "./listening-checks.js";
import { publishingChecks } from "./publishing-checks.js";
import { journalChecks, recordChecks } from "./storage-checks.js";
import { tokenChecks } from "./token-checks.js";
import { webhookChecks } from "./webhook-checks.js";

/** The result of {@link checkStart}. */
export interface StartCheck {
  /** One line for each thing that was checked and that a start can use. */
  readonly usable: readonly string[];
  /** One line for each thing that prevents a start. */
  readonly faults: readonly string[];
}

/**
 * Checks what a start of the hub needs beside valid settings: files that the hub reads, endpoints, and folders in which
 * the hub writes. Opens, binds and writes nothing. The log gets the warnings that a start would log about files.
 */
export function checkStart(config: Config, ports: CheckPorts): StartCheck {
  const usable: string[] = [];
  const faults: string[] = [];
  for (const { what, run } of checksOf(config, ports)) {
    try {
      run();
      usable.push(what);
    } catch (error) {
      faults.push(`${what}: ${messageOf(error)}`);
    }
  }
  return { usable, faults };
}

function checksOf(config: Config, ports: CheckPorts): readonly Check[] {
  return [
    ...listeningChecks(config),
    ...tokenChecks(config, ports),
    ...publishingChecks(config, ports.logger),
    ...journalChecks(config, ports.logger),
    ...recordChecks(config, ports.logger),
    ...accessLogChecks(config),
    ...webhookChecks(config),
  ];
}
