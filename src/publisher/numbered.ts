import { PharosError } from "../base/errors.js";

export interface NumberedOptions {
  /** What one of them is called in the message of an error. @default "publication" */
  readonly what?: string;
}

/** The error with its place in front: the message of the third becomes `publication 3: …`. */
export function numbered(error: unknown, number: number, { what = "publication" }: NumberedOptions): unknown {
  if (!(error instanceof PharosError)) return error;
  return new PharosError(error.code, `${what} ${number}: ${error.message}`, { cause: error });
}
