import { PharosError } from "../base/errors.js";

export interface NumberedOptions {
  /** The noun before the number in the error message. @default "publication" */
  readonly what?: string;
}

/** Adds the publication's number to the message of an error: `publication 3: …`. */
export function numbered(error: unknown, number: number, { what = "publication" }: NumberedOptions): unknown {
  if (!(error instanceof PharosError)) return error;
  return new PharosError(error.code, `${what} ${number}: ${error.message}`, { cause: error });
}
