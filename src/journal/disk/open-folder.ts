import { join } from "node:path";

import { messageOf, PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { incompleteSuffix } from "./files/create-durably.js";
import { journalIdOf, type JournalId } from "./format/file-header.js";
import type { DiskFiles } from "./files/files.js";
import { findEnd, findSegments } from "./find-segments.js";
import { isLockName } from "./files/hold-folder.js";
import { createSecret, readSecret, secretName } from "./secret-file.js";
import { parseSegmentName } from "./segment.js";
import { Segments } from "./segments.js";
import { parseSnapshotName } from "./snapshot-file.js";
import { SnapshotStore } from "./snapshot-store.js";

export interface OpenFolderOptions {
  readonly files: DiskFiles;
  readonly dir: string;
  readonly logger: Logger;
}

/** What a folder holds. */
export interface OpenedFolder {
  readonly secret: Buffer;
  readonly journal: JournalId;
  readonly segments: Segments;
  readonly snapshots: SnapshotStore;
  /** True if the next record may go to the last segment: the segment ends with the last record. */
  readonly isWhole: boolean;
}

/**
 * Reads what the folder holds: the headers of all files, and the last segment. Removes files that a crash has left
 * incomplete. The caller holds the folder.
 *
 * @throws PharosError `bad-config` if the folder cannot be read, or holds files that are not of this journal
 */
export async function openFolder(options: OpenFolderOptions): Promise<OpenedFolder> {
  const { files, dir } = options;
  try {
    const names = await removeIncomplete(options, await files.list(dir));
    reportUnknown(options, names);
    const secret = await findSecret(options, names);
    const journal = journalIdOf(secret);
    const found = { ...options, journal };
    const snapshots = await SnapshotStore.open(found, names);
    const all = await findSegments(found, names);
    const last = all.at(-1);
    const end = last === undefined ? { head: 0, isWhole: false } : await findEnd(found, last);
    // A copy of a running hub's folder may have a snapshot that is newer than its segments.
    const head = Math.max(end.head, snapshots.sequences.at(-1) ?? 0);
    const isWhole = end.isWhole && end.head === head;
    return { secret, journal, snapshots, segments: new Segments(all, head), isWhole };
  } catch (error) {
    if (error instanceof PharosError) throw error;
    throw new PharosError("bad-config", `cannot read the journal in ${dir}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function removeIncomplete(
  { files, dir }: OpenFolderOptions,
  names: readonly string[],
): Promise<string[]> {
  const isIncomplete = (name: string) => name.endsWith(incompleteSuffix);
  for (const name of names.filter(isIncomplete)) await files.remove(join(dir, name));
  return names.filter((name) => !isIncomplete(name));
}

/** A missing secret is created only in a new folder: other nodes and clients hold ids that only this secret can read. */
async function findSecret({ files, dir }: OpenFolderOptions, names: readonly string[]): Promise<Buffer> {
  if (names.includes(secretName)) return readSecret(files, dir);
  const ours = names.find(
    (name) => parseSegmentName(name) !== undefined || parseSnapshotName(name) !== undefined,
  );
  if (ours === undefined) return createSecret(files, dir);
  throw new PharosError(
    "bad-config",
    `${join(dir, secretName)} is missing, but ${ours} is there; restore the file from a backup`,
  );
}

function reportUnknown({ dir, logger }: OpenFolderOptions, names: readonly string[]): void {
  const unknown = names.filter(
    (name) =>
      name !== secretName &&
      !isLockName(name) &&
      parseSegmentName(name) === undefined &&
      parseSnapshotName(name) === undefined,
  );
  if (unknown.length > 0)
    logger.warn({ dir, files: unknown.slice(0, 10) }, "the journal does not use these files");
}
