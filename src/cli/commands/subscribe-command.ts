import { InvalidArgumentError, type Command } from "commander";

import { PharosError } from "../../base/errors.js";
import { defaultHttp } from "../../config/settings/http.js";
import { streamPath } from "../../protocol.js";
import type { Io } from "../terminal/io.js";
import { appended } from "../terminal/repeatable.js";
import { tokenFileHelp } from "./token-source.js";
import { parseUrl } from "../../base/url/parse-url.js";

interface SubscribeOptions {
  readonly url?: string;
  readonly topic?: readonly string[];
  readonly tokenFile?: string;
  readonly json?: true;
  readonly lastEventId?: string;
  readonly count?: number;
}

/** The largest value of `--count`: more than a command prints in a day at 10,000 events per second. */
const mostEvents = 1_000_000_000;

/** Adds the command `subscribe`; `ended` receives the exit code. */
export function addSubscribe(root: Command, io: Io, ended: (code: number) => void): void {
  const urlHelp = "The URL of the hub, or of its stream.";
  root
    .command("subscribe")
    .description("Print the events of a hub, with their topics, until Ctrl-C.")
    .argument("[URL]", urlHelp, parseStreamUrl, `http://${defaultHttp}${streamPath}`)
    .option("--url <URL>", "The same as the argument, as for publish.", parseStreamUrl)
    .option("--topic <F>", "A filter: a topic, with MQTT's + and # as wildcards. Repeatable.", appended)
    .option("--token-file <FILE>", tokenFileHelp)
    .option("--json", "Print each event as one line of JSON.")
    .option("--count <N>", `End after this many events, from 1 to ${mostEvents}.`, parseCount)
    .option("--last-event-id <ID>", "Start after this event.")
    .action(async (argument: string, given: SubscribeOptions, { args }: Command) => {
      if (given.url !== undefined && args.length > 0)
        throw new PharosError("bad-config", "the URL is given twice: as an argument and with --url");
      const { subscribeTo } = await import("./subscribe.js");
      const { url = argument, topic = [], tokenFile, json = false, lastEventId, count } = given;
      ended(await subscribeTo({ url, filters: topic, tokenFile, json, lastEventId, count }, io));
    });
}

/** A URL that ends in a slash is the URL of a hub: it gets the path of the streams. */
function parseStreamUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? parseUrl(text) : undefined;
  if (url === undefined) throw new InvalidArgumentError("Allowed: http://HOST[:PORT][/PATH], or https.");
  if (url.username !== "" || url.password !== "")
    throw new InvalidArgumentError("A URL must not contain a user name or password. Use --token-file.");
  if (text.includes("#"))
    throw new InvalidArgumentError("A # begins a fragment, which is never sent. Write %23, or use --topic.");
  if (url.pathname.endsWith("/")) url.pathname += streamPath.slice(1);
  return url.href;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text) || Number(text) > mostEvents)
    throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${mostEvents}.`);
  return Number(text);
}
