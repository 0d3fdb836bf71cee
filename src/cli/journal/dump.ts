import { once } from "node:events";

import { PharosError } from "../../base/errors.js";
import { allTopics, matchesFilter, parseMqttFilter, type TopicFilter } from "../../hub/filters/filter.js";
import { formatPosition, parsePosition, type Epoch } from "../../hub/publications/position.js";
import { folderCursor, readFolder } from "../../journal/disk/inspect/read-folder.js";
import { decodeRecord } from "../../journal/log/decode-record.js";
import type { StoredRecord } from "../../journal/log/log.js";
import { offsetAt, type LoggedPublication, type LogItem } from "../../journal/log/record.js";
import { exitCodes, type Io, type Output } from "../terminal/io.js";
import { visibleJson } from "../terminal/visible.js";

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
 * @throws PharosError `bad-config` if the folder holds no journal, or if it does not have the event id
 */
export async function dump({ dir, topic, after }: DumpOptions, io: Io): Promise<number> {
  const filter = topic === undefined ? allTopics : parseMqttFilter(topic);
  const lines = new DumpedLines(filter, after);
  const folder = await readFolder(dir);
  const cursor = folderCursor(folder, ({ file, firstLost, lastLost }) =>
    io.stderr.write(`${file}: records ${firstLost} to ${lastLost} are damaged or missing\n`),
  );
  try {
    for (let records = await cursor.next(); records.length > 0; records = await cursor.next())
      for (const record of records) await write(io.stdout, lines.of(record));
  } finally {
    await cursor.close();
  }
  if (!lines.isPastStart)
    throw new PharosError(
      "bad-config",
      `--after: given ${JSON.stringify(after)}, allowed: the event id of a stored publication, or an offset`,
    );
  return exitCodes.stopped;
}

async function write(output: Output, lines: readonly string[]): Promise<void> {
  if (lines.length > 0 && !output.write(lines.join(""))) await once(output, "drain");
}

/** The lines of all records, one record after the other. */
class DumpedLines {
  readonly #filter: TopicFilter;
  readonly #afterId: string | undefined;
  readonly #afterOffset: number;
  #isPastStart: boolean;
  /** Undefined before the first epoch that the journal still has. */
  #epoch: Epoch | undefined;

  constructor(filter: TopicFilter, after: string | undefined) {
    this.#filter = filter;
    const offset = after === undefined ? 0 : offsetIn(after);
    this.#afterOffset = offset ?? 0;
    this.#afterId = offset === undefined ? after : undefined;
    this.#isPastStart = this.#afterId === undefined;
  }

  /** False as long as the publication has not come after which the dump starts. */
  get isPastStart(): boolean {
    return this.#isPastStart;
  }

  of({ sequence, payload }: StoredRecord): string[] {
    const { atMs, items } = decodeRecord(payload);
    const lines: string[] = [];
    let index = 0;
    for (const item of items) {
      if (item.kind === "epoch") this.#epoch = item.epoch;
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
    const { id: ownId, ...rest } = publication;
    const id = keepsId ? ownId : this.#epoch && formatPosition({ epoch: this.#epoch, offset });
    const isPast = this.#isPastStart && offset > this.#afterOffset;
    if (!this.#isPastStart) this.#isPastStart = ownId === this.#afterId;
    if (!isPast || !rest.topics.some((topic) => matchesFilter(this.#filter, topic))) return undefined;
    return `${visibleJson(JSON.stringify({ id, offset, at: new Date(atMs).toISOString(), ...rest }))}\n`;
  }
}

function publicationsOf(item: LogItem): readonly LoggedPublication[] {
  return item.kind === "group" ? item.publications : [];
}

/** The offset in an event id of the hub, or a bare offset. Undefined for a publisher's own id. */
function offsetIn(text: string): number | undefined {
  return parsePosition(text)?.offset ?? (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
}
