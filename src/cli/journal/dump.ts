import { once } from "node:events";

import { allTopics, matchesFilter, parseMqttFilter, type TopicFilter } from "../../hub/filters/filter.js";
import { formatPosition } from "../../hub/publications/position.js";
import { folderCursor, readFolder } from "../../journal/disk/inspect/read-folder.js";
import type { EpochChain } from "../../journal/epoch-chain.js";
import { decodeRecord } from "../../journal/log/decode-record.js";
import type { StoredRecord } from "../../journal/log/log.js";
import { offsetAt, type LoggedPublication, type LogItem } from "../../journal/log/record.js";
import { exitCodes, type Io, type Output } from "../terminal/io.js";
import { visibleJson } from "../../base/json/visible-json.js";
import { DumpStart } from "./dump-start.js";
import { storedEpochs } from "./stored-epochs.js";

export interface DumpOptions {
  readonly dir: string;
  /** @default all topics */
  readonly topic?: string | undefined;
  /** An event id or an offset. @default the start of the journal */
  readonly after?: string | undefined;
}

/**
 * Prints each stored publication as one line of JSON. Writes damages to standard error and goes on behind them.
 *
 * @throws PharosError `bad-config` if the folder holds no journal, or if the journal does not know the event id
 */
export async function dump({ dir, topic, after }: DumpOptions, io: Io): Promise<number> {
  const filter = topic === undefined ? allTopics : parseMqttFilter(topic);
  const folder = await readFolder(dir);
  const start = new DumpStart(after);
  const epochs = await storedEpochs(folder);
  const lines = new DumpedLines({ filter, start, epochs });
  const cursor = folderCursor(folder, ({ file, firstLost, lastLost }) =>
    io.stderr.write(`${file}: records ${firstLost} to ${lastLost} are damaged or missing\n`),
  );
  try {
    for (let records = await cursor.next(); records.length > 0; records = await cursor.next())
      for (const record of records) await write(io.stdout, lines.of(record));
  } finally {
    await cursor.close();
  }
  start.end(offsetAt(folder.segments.head + 1, 0) - 1, epochs);
  return exitCodes.stopped;
}

async function write(output: Output, lines: readonly string[]): Promise<void> {
  if (lines.length > 0 && !output.write(lines.join(""))) await once(output, "drain");
}

interface DumpedLinesOptions {
  readonly filter: TopicFilter;
  readonly start: DumpStart;
  /** The epochs that began before the first record. */
  readonly epochs: EpochChain;
}

/** The lines of all records, one record after the other. */
class DumpedLines {
  readonly #options: DumpedLinesOptions;

  constructor(options: DumpedLinesOptions) {
    this.#options = options;
  }

  of({ sequence, payload }: StoredRecord): string[] {
    const { atMs, items } = decodeRecord(payload);
    const lines: string[] = [];
    let index = 0;
    for (const item of items) {
      if (item.kind === "epoch") this.#options.epochs.begin(item.epoch, offsetAt(sequence, 0) - 1);
      for (const logged of publicationsOf(item)) {
        const line = this.#line(logged, offsetAt(sequence, index), atMs);
        if (line !== undefined) lines.push(line);
        index += 1;
      }
    }
    return lines;
  }

  /** Undefined if the options leave the publication out. */
  #line({ publication, keepsId }: LoggedPublication, offset: number, atMs: number): string | undefined {
    const { filter, start, epochs } = this.#options;
    const { id: ownId, ...rest } = publication;
    const isBehind = start.isBehind(offset, ownId, epochs);
    if (!isBehind || !rest.topics.some((topic) => matchesFilter(filter, topic))) return undefined;
    const id = keepsId ? ownId : positionAt(offset, epochs);
    return `${visibleJson(JSON.stringify({ id, offset, at: new Date(atMs).toISOString(), ...rest }))}\n`;
  }
}

/** Undefined if the journal no longer has the begin of the epoch. */
function positionAt(offset: number, epochs: EpochChain): string | undefined {
  return epochs.length === 0 ? undefined : formatPosition({ epoch: epochs.at(offset), offset });
}

function publicationsOf(item: LogItem): readonly LoggedPublication[] {
  return item.kind === "group" ? item.publications : [];
}
