import { PharosError, type ErrorCode } from "../../base/errors.js";
import { exitCodes } from "./io.js";

const badInput: ReadonlySet<ErrorCode> = new Set([
  "bad-topic",
  "bad-filter",
  "bad-event-id",
  "bad-event-type",
  "bad-retry",
  "bad-ttl",
  "bad-publication",
  "bad-endpoint",
  "bad-config",
  "bad-curve-key",
  "too-large",
]);

/** The exit code for an error: 2 if the caller must change the command, 1 for everything else. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PharosError) || !badInput.has(error.code)) return exitCodes.failed;
  // The system refused a valid endpoint, for example because the endpoint is in use. Such an error is not a usage
  // error.
  const refusedBySystem = error.code === "bad-endpoint" && isSystemError(error.cause);
  return refusedBySystem ? exitCodes.failed : exitCodes.badUsage;
}

/** Describes an error for people: one line for each fault, without a stack. */
export function describeFailure(error: unknown): string {
  if (isSystemError(error) && error.code === "EADDRINUSE")
    return `${placeOf(error)} is in use; stop the program that listens there, or choose another address`;
  if (isSystemError(error) && error.code === "EACCES" && error.syscall === "listen")
    return `this user may not open ${placeOf(error)}; allowed are ports from 1024 on`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * The text for standard error: {@link describeFailure} with the name of the program before each line. At log level
 * `debug` the text also has the stack, for bug reports.
 */
export function failureText(
  error: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const lines = describeFailure(error).split("\n");
  if (environment.PHAROS_LOG_LEVEL === "debug" && error instanceof Error) lines.push(String(error.stack));
  return lines.map((line) => `pharos: ${line}\n`).join("");
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

function placeOf({ address, port }: SystemError): string {
  if (port === undefined) return address ?? "an endpoint";
  return `port ${port}${address === undefined ? "" : ` of ${address}`}`;
}
