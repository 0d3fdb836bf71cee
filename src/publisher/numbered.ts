import { PharosError } from "../base/errors.js";

export interface PublishAllOptions {
  /** Called after each request or message, with the number of items that are published so far. @default no call */
  readonly onPublished?: ((count: number) => void) | undefined;
  /** The noun before the number in the error message. @default "publication" */
  readonly what?: string;
}

/** Adds the publication's number to the message of an error: `publication 3: …`. */
export function numbered(
  error: unknown,
  number: number,
  { what = "publication" }: PublishAllOptions,
): unknown {
  if (!(error instanceof PharosError)) return error;
  return new PharosError(error.code, `${what} ${number}: ${error.message}`, { cause: error });
}
