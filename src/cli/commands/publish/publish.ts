import { PharosError } from "../../../base/errors.js";
import { exitCodes, type Io } from "../../terminal/io.js";
import { readLines } from "../../terminal/lines.js";
import { printable } from "../../terminal/printable.js";
import { LineCount } from "../../terminal/line-count.js";
import { jsonPublication } from "./json-publication.js";
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
  /** The data, or each line, is a JSON object with the fields of `POST /publish`. @default false */
  readonly json?: boolean | undefined;
  /** Does not tell the number of lines. @default false */
  readonly quiet?: boolean | undefined;
  /** Encrypts the data before the command publishes it. @default no encryption */
  readonly seal?: ((data: string) => Promise<string>) | undefined;
}

/**
 * Publishes once, or once for each line of standard input. The command validates each publication before it sends the
 * publication. The first failure ends the command. The publications before the failure were published. With `data`, the
 * command prints the event id, if the hub returned an id. For lines, it tells their number at the end, also after a
 * failure or an interrupt.
 *
 * @throws PharosError `not-taken` or `unreachable` when no hub accepts a publication in 5 s
 * @throws PharosError `refused` with the hub's reason, or the code of the validation error
 */
export async function runPublish(
  options: PublishCommandOptions,
  publisher: CliPublisher,
  io: Io,
): Promise<number> {
  const { data, quiet = false, ...rest } = options;
  if (data !== undefined) {
    const id = await publisher.publish(await publicationOf(data, rest));
    if (id) io.stdout.write(`${printable(id)}\n`);
    return exitCodes.stopped;
  }
  if (options.id !== undefined)
    throw new PharosError(
      "bad-publication",
      "--id needs --data: the lines of standard input cannot share one id",
    );
  if (io.stdin.isTTY === true && !quiet) io.stderr.write("Each line is one publication. Ctrl-D ends.\n");
  const count = quiet ? undefined : new LineCount(io);
  const end = (): void => count?.end();
  io.interrupted.addEventListener("abort", end, { once: true });
  try {
    const onPublished = (published: number): void => count?.published(published, performance.now());
    await publisher.publishAll(eachLine(io, rest), { what: "line", onPublished });
  } finally {
    end();
  }
  return exitCodes.stopped;
}

type LineOptions = Omit<PublishCommandOptions, "data" | "quiet">;

/** With `json`, a line without text is no publication, as in a body of `POST /publish`. */
async function* eachLine({ stdin }: Io, options: LineOptions): AsyncIterable<CliPublication> {
  for await (const { text } of readLines(stdin))
    if (options.json !== true || text.trim() !== "") yield await publicationOf(text, options);
}

async function publicationOf(text: string, options: LineOptions): Promise<CliPublication> {
  const { json = false, seal = plain, ...rest } = options;
  const publication = json ? jsonPublication(text, rest) : { ...rest, data: text };
  return { ...publication, data: await seal(publication.data) };
}

function plain(data: string): Promise<string> {
  return Promise.resolve(data);
}
