import { PharosError } from "../base/errors.js";
import { kindOfValue } from "../base/quote-value.js";
import { hasAllSettings } from "../config/load.js";
import { checkNames } from "../publisher/check-arguments.js";

const isFunction = (value: unknown): boolean => typeof value === "function";
const isText = (value: unknown): boolean => typeof value === "string";
const has =
  (methods: readonly string[]) =>
  (value: unknown): boolean =>
    methods.every((method) => isFunction(Object(value)[method]));

const ports: ReadonlyMap<string, readonly [isAllowed: (value: unknown) => boolean, allowed: string]> =
  new Map([
    [
      "logger",
      [has(["debug", "info", "warn", "error"]), "an object with the functions debug, info, warn and error"],
    ],
    ["version", [isText, "a text"]],
    ["onShutdownRequest", [isFunction, "a function"]],
    ["onJournalLost", [isFunction, "a function"]],
    ["onJournalFailed", [isFunction, "a function"]],
    ["stopping", [(value) => value instanceof AbortSignal, "an AbortSignal"]],
    ["stdout", [has(["write", "once"]), "a stream that is writable"]],
    ["workerEntry", [isText, "a text"]],
    [
      "clock",
      [has(["now", "monotonic", "after", "every", "endOfTurn"]), "an object with the functions of a clock"],
    ],
  ]);

const needed = new Set(["logger", "version"]);

/**
 * Checks the arguments of `createApp`, because JavaScript programs have no types.
 *
 * @throws PharosError `bad-config`. The message has no value of the configuration: it has secrets.
 */
export function checkAppArguments(config: unknown, given: unknown): void {
  checkConfig(config, "createApp");
  checkNames(given, { what: "the second argument", names: [...ports.keys()], code: "bad-config" });
  for (const name of ports.keys()) {
    const value: unknown = Object(given)[name];
    if (value === undefined && needed.has(name)) refusePort(name, value);
    checkPort(name, value);
  }
}

/** @throws PharosError `bad-config` for a value of a wrong type. Undefined is allowed */
export function checkPort(name: string, value: unknown): void {
  const [isAllowed] = ports.get(name) ?? [];
  if (value !== undefined && isAllowed?.(value) !== true) refusePort(name, value);
}

function refusePort(name: string, value: unknown): never {
  const [, allowed = "absent"] = ports.get(name) ?? [];
  throw new PharosError("bad-config", `${name} must be ${allowed}, not ${kindOfValue(value)}`);
}

/**
 * Checks the configuration that a program gives.
 *
 * @param caller the function that the program has called
 * @throws PharosError `bad-config`
 */
export function checkConfig(config: unknown, caller: string): void {
  if (hasAllSettings(config)) return;
  throw new PharosError(
    "bad-config",
    `${caller} needs a configuration that loadConfig returned, or a copy with other values, not ${kindOfValue(config)}`,
  );
}
