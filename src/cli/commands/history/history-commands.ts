import { InvalidArgumentError, Option, type Command } from "commander";

import { parseUrl } from "../../../base/url/parse-url.js";
import { defaultHttp } from "../../../config/settings/http.js";
import type { Io } from "../../terminal/io.js";
import type { HubAddress } from "./hub-reader.js";
import { tokenFileHelp } from "../token-source.js";

/** The most publications that a hub returns for a topic. */
const mostPublications = 1000;

interface Asked extends HubAddress {
  readonly json?: boolean;
}

interface PageOptions extends Asked {
  readonly before?: string;
  readonly after?: string;
  readonly limit: number;
}

/** Adds the commands `topics` and `history`; `ended` receives the exit code. */
export function addHistory(root: Command, io: Io, ended: (code: number) => void): void {
  addHubAddress(root.command("topics"))
    .description("List the topics of a hub that have publications, with the number of stored ones.")
    .argument("[FILTER...]", "Filters: topics, with MQTT's + and # as wildcards. Default: all topics.")
    .option("--json", "Print each topic as one line of JSON.")
    .action(async (filters: readonly string[], { json = false, ...hub }: Asked) => {
      const { printTopics } = await import("./read-history.js");
      ended(await printTopics({ ...hub, filters, json }, io));
    });
  addHubAddress(root.command("history"))
    .description(
      "Print stored publications of a topic, oldest first: the newest ones, or a page before or after one.",
    )
    .argument("<TOPIC>", "One topic, without wildcards.")
    .addOption(
      new Option("--before <ID>", "The newest publications before this event id.").conflicts("after"),
    )
    .option("--after <ID>", "The oldest publications after this event id; earliest for the first ones.")
    .option("--limit <N>", `The most publications, from 1 to ${mostPublications}.`, parseLimit, 100)
    .option("--json", "Print each publication as one line of JSON.")
    .action(async (topic: string, { json = false, ...asked }: PageOptions) => {
      const { printHistory } = await import("./read-history.js");
      ended(await printHistory({ ...asked, topic, json }, io));
    });
}

function addHubAddress(command: Command): Command {
  return command
    .option("--url <URL>", "The URL of the hub.", parseHubUrl, `http://${defaultHttp}/`)
    .option("--token-file <FILE>", tokenFileHelp);
}

function parseHubUrl(text: string): string {
  const url = /^https?:\/\//i.test(text) ? parseUrl(text) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "")
    throw new InvalidArgumentError("Allowed: http://HOST[:PORT], or https.");
  if (url.username !== "" || url.password !== "")
    throw new InvalidArgumentError("A URL must not contain a user name or password. Use --token-file.");
  return url.pathname.endsWith("/") ? url.href : `${url.href}/`;
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > mostPublications)
    throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${mostPublications}.`);
  return Number(text);
}
