import { PharosError } from "../errors.js";
import { exitCodes, type Io } from "./io.js";
import { readLines } from "./lines.js";
import type { CliPublisher } from "./publisher.js";

export interface PublishOptions {
  /** @default "broadcast" */
  readonly topic?: string | undefined;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  /** Without it each line of standard input is the data of a publication of its own. */
  readonly data?: string | undefined;
}

/**
 * Publishes once, or once for each line of standard input. Each is validated before it is sent. The first one that
 * is refused or not taken ends the command; those before it have been published.
 *
 * @throws PharosError `not-taken` when no hub takes one in 5 s, or the code of what is wrong with it
 */
export async function publish(options: PublishOptions, publisher: CliPublisher, io: Io): Promise<number> {
  const { data, ...rest } = options;
  if (data !== undefined) {
    await publisher.publish({ data, ...rest });
    return exitCodes.stopped;
  }
  if (options.id !== undefined)
    throw new PharosError(
      "bad-publication",
      "--id needs --data: lines of standard input cannot all have one id",
    );
  if (io.stdin.isTTY === true) io.stderr.write("One publication a line; Ctrl-D ends.\n");
  for await (const { number, text } of readLines(io.stdin))
    await publisher.publish({ data: text, ...rest }).catch((error: unknown) => {
      throw atLine(number, error);
    });
  return exitCodes.stopped;
}

function atLine(number: number, error: unknown): unknown {
  if (!(error instanceof PharosError)) return error;
  return new PharosError(error.code, `line ${number}: ${error.message}`, { cause: error });
}
