import { PharosError, errorCodes, toPharosError } from "../../base/errors.js";
import type { ErrorCode } from "../../base/errors.js";
import type { BodyRefusal } from "./messages.js";

/** An error as a message has it. */
export function bodyRefusalOf(error: unknown): BodyRefusal {
  const { code, message, retryAfterSeconds } = toPharosError(error);
  return { code, message, retryAfterSeconds };
}

/** The error that a message tells of. */
export function parseBodyRefusal({ code, message, retryAfterSeconds }: BodyRefusal): PharosError {
  return new PharosError(
    isErrorCode(code) ? code : "internal",
    message,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
