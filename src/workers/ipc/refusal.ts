import { PharosError, errorCodes, toPharosError } from "../../base/errors.js";
import type { ErrorCode } from "../../base/errors.js";
import type { BodyRefusal } from "./messages.js";

/** Turns an error into the fields of a message. */
export function bodyRefusalOf(error: unknown): BodyRefusal {
  const { code, message, retryAfterSeconds } = toPharosError(error);
  return { code, message, retryAfterSeconds };
}

/** Turns the fields of a message into an error. */
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
