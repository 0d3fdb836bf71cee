import { InvalidArgumentError, Option, type Command } from "commander";

import { defaultHttp } from "../../../config/settings/http.js";
import { beaconInterval } from "../../../config/settings/publishing.js";
import { defaultTopic, mercurePath } from "../../../protocol.js";
import { aborted, exitCodes, type Io } from "../../terminal/io.js";
import type { Target } from "./open-publisher.js";
import { defaultTarget, type CliPublisher } from "./publisher.js";
import { tokenFileHelp } from "../token-source.js";

/** Receives the exit code of the program. */
export type Ending = (code: number) => void;

interface Named extends Target {
  readonly topic: string;
}

interface PublishNamed extends Named {
  readonly type?: string;
  readonly id?: string;
  readonly data?: string;
  readonly ttl?: string;
  readonly retain?: true;
  readonly private?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly encryptKey?: string;
}

/** Adds the command `publish`. */
export function addPublish(root: Command, io: Io, ended: Ending): void {
  const command = root
    .command("publish")
    .description("Publish once and print the event id, or publish each line of standard input.");
  addTargetOptions(command)
    .option("--type <E>", "The event type that clients listen for.")
    .option("--id <I>", "The event's id, from which clients may resume.")
    .option("--ttl <SECONDS>", "After this time, no new subscriber gets the publication.")
    .option("--retain", "Store the data as the topic's present value. Empty data removes the value.")
    .option("--private", "Only for clients whose token grants the topic.")
    .option("--data <D>", "The data. Without it each line of standard input is one publication.")
    .option(
      "--encrypt-key <FILE>",
      "Encrypt the data with the 32 bytes in this file. The hub never sees the key.",
    )
    .option("--json", "The data, or each line, is a JSON object with the fields of POST /publish.")
    .option("-q, --quiet", "Do not print the number of published lines.")
    .action(async ({ encryptKey, to, curve, url, tokenFile, ...given }: PublishNamed) => {
      const { runPublish: publish } = await import("./publish.js");
      const options = { ...given, seal: await sealerOf(encryptKey) };
      const target = { to, curve, url, tokenFile };
      ended(await publishing(target, io, (publisher) => publish(options, publisher, io)));
    });
}

async function sealerOf(file: string | undefined): Promise<((data: string) => Promise<string>) | undefined> {
  if (file === undefined) return undefined;
  const { sealer } = await import("../../../publisher/seal.js");
  return sealer(file);
}

/** Adds the command `beacon`. */
export function addBeacon(root: Command, io: Io, ended: Ending): void {
  const command = root
    .command("beacon")
    .description("Publish the current time every few seconds, until you press Ctrl-C.");
  addTargetOptions(command)
    .option("--every <SECONDS>", "Seconds between two publications.", parseSeconds, beaconInterval.default)
    .action(async ({ topic, every, ...target }: Named & { readonly every: number }) => {
      const { beacon } = await import("./beacon.js");
      const options = { topic, everySeconds: every };
      ended(await publishing(target, io, (publisher) => beacon(options, publisher, io)));
    });
}

function addTargetOptions(command: Command): Command {
  return command
    .option(
      "--to <ENDPOINT>",
      "The hub's ingest endpoint. With a leading >, this command connects to it; with a leading @, this command binds it.",
      defaultTarget,
    )
    .option("--curve <FILE>", "A file of CURVE keys for an endpoint that needs them.")
    .addOption(
      new Option(
        "--url <URL>",
        `Publish over HTTP to this URL of a hub: http://${defaultHttp}, or with the path ${mercurePath}.`,
      ).conflicts(["to", "curve"]),
    )
    .option("--token-file <FILE>", tokenFileHelp)
    .option("--topic <T>", "The topic to publish to.", defaultTopic);
}

/**
 * Opens a publisher for `work` and closes it afterwards. After an interrupt, the command does not wait for messages
 * that no hub accepts.
 */
async function publishing(
  target: Target,
  io: Io,
  work: (publisher: CliPublisher) => Promise<number>,
): Promise<number> {
  const { openPublisher } = await import("./open-publisher.js");
  const publisher = await openPublisher(target, io);
  const interrupted = aborted(io.interrupted).then(() => exitCodes.stopped);
  try {
    return await Promise.race([work(publisher), interrupted]);
  } finally {
    await Promise.race([publisher.close(), interrupted]);
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < beaconInterval.from || seconds > beaconInterval.to)
    throw new InvalidArgumentError(
      `Allowed: a number of seconds from ${beaconInterval.from} to ${beaconInterval.to}.`,
    );
  return seconds;
}
