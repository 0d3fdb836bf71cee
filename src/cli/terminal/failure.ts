import { PharosError, type ErrorCode } from "../../base/errors.js";
import { exitCodes } from "./io.js";

const badInput: ReadonlySet<ErrorCode> = new Set([
  "bad-topic",
  "bad-filter",
  "bad-event-id",
  "bad-event-type",
  "bad-retry",
  "bad-publication",
  "bad-endpoint",
  "bad-config",
  "bad-curve-key",
  "too-large",
]);

/** 2 for what the caller can put right by asking otherwise, 1 for everything else. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PharosError) || !badInput.has(error.code)) return exitCodes.failed;
  // A well-formed endpoint that the system refuses, as it does one in use, is no fault of the command line.
  const refusedBySystem = error.code === "bad-endpoint" && isSystemError(error.cause);
  return refusedBySystem ? exitCodes.failed : exitCodes.badUsage;
}

/** What went wrong, for a person: one line for each fault, never a stack. */
export function describeFailure(error: unknown): string {
  if (isSystemError(error) && error.code === "EADDRINUSE")
    return `${placeOf(error)} is in use; end what listens there, or choose another`;
  if (isSystemError(error) && error.code === "EACCES" && error.syscall === "listen")
    return `${placeOf(error)} may not be opened by this user; ports from 1024 on may`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * What to write to standard error: {@link describeFailure}, each line under the program's name, and where the
 * log level asks for it the stack, for a report of a bug.
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
