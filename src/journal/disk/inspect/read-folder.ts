import { join } from "node:path";

import { messageOf, PharosError } from "../../../base/errors.js";
import { silentLogger } from "../../../base/log.js";
import type { Sequence } from "../../log/log.js";
import { fileErrorCode } from "../files/files.js";
import { nodeFiles } from "../files/node-files.js";
import { findEnd, findSegments, type SegmentEnd } from "../find-segments.js";
import { journalIdOf, type JournalId } from "../format/file-header.js";
import { LogCursor, type DamagedRange } from "../log-cursor.js";
import { readSecret, secretName } from "../secret-file.js";
import type { Segment } from "../segment.js";
import { Segments } from "../segments.js";
import { parseSnapshotName, readSnapshot } from "../snapshot-file.js";

const folderWanted = "Give the path in --journal disk:DIR, without disk:";

/** The files of a log, as they were when the folder was read. A hub may use the folder meanwhile. */
export interface ReadFolder {
  readonly dir: string;
  readonly names: readonly string[];
  readonly journal: JournalId;
  readonly segments: Segments;
  /** The bytes of the last segment behind its last record. A hub may be writing a record there. */
  readonly bytesBehind: number;
}

/**
 * Reads a folder without a change to it.
 *
 * @throws PharosError `bad-config` if the folder holds no log, or cannot be read
 */
export async function readFolder(dir: string): Promise<ReadFolder> {
  try {
    const names = (await nodeFiles.list(dir)).toSorted();
    if (!names.includes(secretName))
      throw new PharosError(
        "bad-config",
        `${dir} holds no journal: it has no file \`${secretName}\`. ${folderWanted}`,
      );
    const journal = journalIdOf(await readSecret(nodeFiles, dir));
    const options = { files: nodeFiles, dir, journal, logger: silentLogger };
    const all = await findSegments(options, names);
    return { dir, names, journal, ...(await endOf(all, (last) => findEnd(options, last))) };
  } catch (error) {
    if (error instanceof PharosError) throw error;
    const code = fileErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new PharosError("bad-config", `${dir} is not a folder. ${folderWanted}`, { cause: error });
    throw new PharosError("bad-config", `cannot read ${dir}: ${messageOf(error)}`, { cause: error });
  }
}

async function endOf(all: readonly Segment[], findEndOf: (last: Segment) => Promise<SegmentEnd>) {
  const last = all.at(-1);
  if (last === undefined) return { segments: new Segments([], 0), bytesBehind: 0 };
  const { bytes } = last;
  const { head } = await findEndOf(last);
  return { segments: new Segments(all, head), bytesBehind: bytes - last.bytes };
}

/** A cursor over all records of the folder. The caller closes the cursor. */
export function folderCursor({ segments }: ReadFolder, onDamage: (range: DamagedRange) => void): LogCursor {
  return new LogCursor({ files: nodeFiles, segments, after: segments.first - 1, onDamage });
}

/** A snapshot of the folder. A hub may remove it meanwhile. */
export interface FolderSnapshot {
  readonly file: string;
  readonly sequence: Sequence;
  /** Ends with the code `bad-snapshot` if the snapshot is damaged, and with an `ENOENT` if it is gone. */
  chunks(): AsyncIterable<Buffer>;
}

/** The snapshots of the folder, oldest first. */
export function folderSnapshots({ dir, journal, names }: ReadFolder): readonly FolderSnapshot[] {
  return names.flatMap((name) => {
    const sequence = parseSnapshotName(name);
    if (sequence === undefined) return [];
    const file = join(dir, name);
    return [{ file, sequence, chunks: () => readSnapshot({ files: nodeFiles, path: file, journal }) }];
  });
}

/**
 * Reads the newest snapshot of the folder. If it is damaged or gone, reads the one before.
 *
 * @returns what `read` returns; undefined if no snapshot can be read
 */
export async function readNewestSnapshot<T>(
  folder: ReadFolder,
  read: (chunks: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T | undefined> {
  for (const snapshot of folderSnapshots(folder).toReversed())
    try {
      return await read(snapshot.chunks());
    } catch (error) {
      if (!(error instanceof PharosError) && fileErrorCode(error) !== "ENOENT") throw error;
    }
  return undefined;
}
