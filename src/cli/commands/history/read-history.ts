import { once } from "node:events";

import { historyPath } from "../../../protocol.js";
import { plainLine, type ReceivedEvent } from "../../terminal/event-lines.js";
import { exitCodes, type Io } from "../../terminal/io.js";
import { printable } from "../../terminal/printable.js";
import { HubReader, type HubAddress } from "./hub-reader.js";

export interface PrintTopicsOptions extends HubAddress {
  /** @default all topics */
  readonly filters: readonly string[];
  readonly json: boolean;
}

export interface PrintHistoryOptions extends HubAddress {
  readonly topic: string;
  readonly count: number;
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

interface History {
  readonly events: readonly (ReceivedEvent & { readonly time: string })[];
}

/**
 * Prints the topics in their order, page by page.
 *
 * @throws PharosError as {@link HubReader.read}
 */
export function printTopics(options: PrintTopicsOptions, io: Io): Promise<number> {
  return untilInterrupted(io, () => writeTopics(options, io));
}

/**
 * Prints publications of a topic, oldest first.
 *
 * @throws PharosError as {@link HubReader.read}
 */
export function printHistory(options: PrintHistoryOptions, io: Io): Promise<number> {
  return untilInterrupted(io, () => writeHistory(options, io));
}

async function writeTopics({ filters, json, ...hub }: PrintTopicsOptions, io: Io): Promise<void> {
  const reader = new HubReader(hub, io);
  const named = filters.map((filter) => `&topic=${encodeURIComponent(filter)}`).join("");
  for (let after = "", isDone = false; !isDone;) {
    const query = `limit=${topicsPerPage}&after=${encodeURIComponent(after)}${named}`;
    const page = (await reader.read(`.${historyPath}?${query}`)) as TopicPage;
    for (const each of page.topics) await write(json ? `${JSON.stringify(each)}\n` : lineOf(each), io);
    after = page.topics.at(-1)?.topic ?? "";
    isDone = page.more !== true;
  }
}

async function writeHistory({ topic, count, json, ...hub }: PrintHistoryOptions, io: Io): Promise<void> {
  const path = topic.split("/").map(encodeURIComponent).join("/");
  const { events } = (await new HubReader(hub, io).read(`.${historyPath}/${path}?limit=${count}`)) as History;
  for (const event of events)
    await write(
      json
        ? `${JSON.stringify(event)}\n`
        : `${printable(event.time)} ${plainLine({ ...event, type: event.type ?? "message" })}`,
      io,
    );
}

/** After Ctrl-C, the command ends without an error. */
async function untilInterrupted({ interrupted }: Io, work: () => Promise<void>): Promise<number> {
  try {
    await work();
  } catch (error) {
    if (!interrupted.aborted) throw error;
  }
  return exitCodes.stopped;
}

function lineOf({ topic, stored, published, subscribers }: TopicPage["topics"][number]): string {
  return `${printable(topic)}: ${stored} stored of ${published}, ${subscribers} subscribers\n`;
}

/** Waits for a slow reader of standard output, so that no more than a page is in memory. */
async function write(line: string, { stdout }: Io): Promise<void> {
  stdout.write(line);
  if (stdout.writableNeedDrain) await once(stdout, "drain");
}
