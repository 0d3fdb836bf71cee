import { once } from "node:events";

import { historyPath, type GapNotice } from "../../../protocol.js";
import { plainLine, storedGapSentence, type ReceivedEvent } from "../../terminal/event-lines.js";
import { exitCodes, type Io } from "../../terminal/io.js";
import { printable } from "../../terminal/printable.js";
import { checkFilters } from "../check-filters.js";
import { untilInterrupted } from "../../terminal/until-interrupted.js";
import { HubReader, type HubAddress } from "./hub-reader.js";

export interface PrintTopicsOptions extends HubAddress {
  /** @default all topics */
  readonly filters: readonly string[];
  readonly json: boolean;
}

export interface PrintHistoryOptions extends HubAddress {
  readonly topic: string;
  /** Only publications before this event id. */
  readonly before?: string | undefined;
  /** The oldest publications after this event id. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly json: boolean;
}

/** The largest page. */
const topicsPerPage = 1000;

interface TopicPage {
  readonly topics: readonly {
    readonly topic: string;
    readonly published: number;
    readonly stored: number;
    readonly subscribers: number;
  }[];
  readonly more?: true;
}

type StoredEvent = ReceivedEvent & { readonly time: string };

interface History {
  readonly events: readonly StoredEvent[];
  readonly more?: true;
  readonly gap?: GapNotice;
  /** The retained value, if it is not among the events. */
  readonly retained?: StoredEvent;
}

/**
 * Prints the topics in their order, page by page.
 *
 * @throws PharosError `bad-filter` before the command connects
 * @throws PharosError as {@link HubReader.read}
 */
export async function printTopics(options: PrintTopicsOptions, io: Io): Promise<number> {
  checkFilters(options.filters);
  return untilInterrupted(io, () => writeTopics(options, io));
}

/**
 * Prints publications of a topic, oldest first. Standard error gets a sentence if publications are no longer in memory,
 * and a sentence with the option for the next page if there are more. A retained value that is not on the page comes
 * first.
 *
 * @throws PharosError as {@link HubReader.read}
 */
export function printHistory(options: PrintHistoryOptions, io: Io): Promise<number> {
  return untilInterrupted(io, () => writeHistory(options, io));
}

async function writeTopics({ filters, json, ...hub }: PrintTopicsOptions, io: Io): Promise<number> {
  const reader = new HubReader(hub, io);
  const named = filters.map((filter) => `&topic=${encodeURIComponent(filter)}`).join("");
  for (let after = "", isDone = false; !isDone;) {
    const query = `limit=${topicsPerPage}&after=${encodeURIComponent(after)}${named}`;
    const page = (await reader.read(`.${historyPath}?${query}`)) as TopicPage;
    for (const each of page.topics) await write(json ? `${JSON.stringify(each)}\n` : lineOf(each), io);
    after = page.topics.at(-1)?.topic ?? "";
    isDone = page.more !== true;
  }
  return exitCodes.stopped;
}

async function writeHistory(options: PrintHistoryOptions, io: Io): Promise<number> {
  const { topic, before, after, limit, json, ...hub } = options;
  const path = topic.split("/").map(encodeURIComponent).join("/");
  const query = new URLSearchParams({
    limit: String(limit),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
  // A hub reads + as a plus, not as a space.
  const text = query.toString().replaceAll("+", "%20");
  const page = (await new HubReader(hub, io).read(`.${historyPath}/${path}?${text}`)) as History;
  const { events, gap, more, retained } = page;
  if (gap !== undefined) io.stderr.write(storedGapSentence(gap));
  for (const event of retained === undefined ? events : [retained, ...events])
    await write(json ? `${JSON.stringify(event)}\n` : storedLine(event), io);
  const next = after === undefined ? events[0] : events.at(-1);
  if (more !== true || next === undefined) return exitCodes.stopped;
  const [which, option] = after === undefined ? ["older", "--before"] : ["newer", "--after"];
  io.stderr.write(`There are ${which} publications: ${option} ${shellWord(printable(next.id))}\n`);
  return exitCodes.stopped;
}

function storedLine(event: StoredEvent): string {
  return `${printable(event.time)} ${plainLine({ ...event, type: event.type ?? "message" })}`;
}

/** A word of a command, in quotes if the shell would change it. */
function shellWord(text: string): string {
  return /^[\w.,:/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function lineOf({ topic, stored, published, subscribers }: TopicPage["topics"][number]): string {
  return `${printable(topic)}: ${stored} stored of ${published}, ${subscribers} subscribers\n`;
}

/** Waits for a slow reader of standard output, so that no more than a page is in memory. */
async function write(line: string, { stdout }: Io): Promise<void> {
  stdout.write(line);
  if (stdout.writableNeedDrain) await once(stdout, "drain");
}
