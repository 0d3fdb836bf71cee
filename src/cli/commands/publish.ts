import { PharosError } from "../../base/errors.js";
import { exitCodes, type Io } from "../terminal/io.js";
import { readLines } from "../terminal/lines.js";
import { printable } from "../terminal/printable.js";
import type { CliPublication, CliPublisher } from "./publisher.js";

export interface PublishCommandOptions {
  /** @default "broadcast" */
  readonly topic?: string | undefined;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  /** In seconds. */
  readonly ttl?: string | undefined;
  readonly retain?: boolean | undefined;
  readonly private?: boolean | undefined;
  /** The data to publish. Without `data`, each line of standard input is published separately. */
  readonly data?: string | undefined;
  /** Encrypts the data before the command publishes it. @default no encryption */
  readonly seal?: ((data: string) => Promise<string>) | undefined;
}

/**
 * Publishes once, or once for each line of standard input. The command validates each publication before it sends the
 * publication. The first failure ends the command. The publications before the failure were published. With `data`, the
 * command prints the event id, if the hub returned an id.
 *
 * @throws PharosError `not-taken` or `unreachable` when no hub accepts a publication in 5 s
 * @throws PharosError `refused` with the hub's reason, or the code of the validation error
 */
export async function runPublish(
  options: PublishCommandOptions,
  publisher: CliPublisher,
  io: Io,
): Promise<number> {
  const { data, seal = plain, ...rest } = options;
  if (data !== undefined) {
    const id = await publisher.publish({ data: await seal(data), ...rest });
    if (id) io.stdout.write(`${printable(id)}\n`);
    return exitCodes.stopped;
  }
  if (options.id !== undefined)
    throw new PharosError(
      "bad-publication",
      "--id needs --data: the lines of standard input cannot share one id",
    );
  if (io.stdin.isTTY === true) io.stderr.write("Each line is one publication. Ctrl-D ends.\n");
  await publisher.publishAll(eachLine(io, rest, seal), { what: "line" });
  return exitCodes.stopped;
}

async function* eachLine(
  { stdin }: Io,
  rest: Omit<CliPublication, "data">,
  seal: (data: string) => Promise<string>,
): AsyncIterable<CliPublication> {
  for await (const { text } of readLines(stdin)) yield { ...rest, data: await seal(text) };
}

function plain(data: string): Promise<string> {
  return Promise.resolve(data);
}
