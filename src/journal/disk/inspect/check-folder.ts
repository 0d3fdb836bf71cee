import { PharosError } from "../../../base/errors.js";
import type { Sequence } from "../../log/log.js";
import { fileErrorCode } from "../files/files.js";
import type { DamagedRange } from "../log-cursor.js";
import {
  folderCursor,
  folderSnapshots,
  readFolder,
  type FolderSnapshot,
  type ReadFolder,
} from "./read-folder.js";

/** What a check has found out about a segment. */
export interface SegmentReport {
  readonly file: string;
  readonly bytes: number;
  /** The numbers of the records that belong into the segment. `last` is `first - 1` if there is none. */
  readonly first: Sequence;
  readonly last: Sequence;
  /** The records that can be read. */
  readonly records: number;
}

export interface SnapshotReport {
  readonly file: string;
  readonly sequence: Sequence;
  readonly chunks: number;
  readonly isDamaged: boolean;
}

export interface FolderReport {
  readonly segments: readonly SegmentReport[];
  readonly damages: readonly DamagedRange[];
  readonly snapshots: readonly SnapshotReport[];
  /** The bytes behind the last record: an incomplete record, of a hub that was killed or is writing. */
  readonly bytesBehind: number;
}

/**
 * Reads every record and every snapshot of a folder. A hub may use the folder meanwhile.
 *
 * @throws PharosError `bad-config` if the folder holds no log, or cannot be read
 */
export async function checkFolder(dir: string): Promise<FolderReport> {
  const folder = await readFolder(dir);
  const damages: DamagedRange[] = [];
  const segments = await checkSegments(folder, damages);
  const snapshots: SnapshotReport[] = [];
  for (const snapshot of folderSnapshots(folder)) {
    const report = await checkSnapshot(snapshot);
    if (report !== undefined) snapshots.push(report);
  }
  return { segments, damages, snapshots, bytesBehind: folder.bytesBehind };
}

async function checkSegments(folder: ReadFolder, damages: DamagedRange[]): Promise<SegmentReport[]> {
  const { segments } = folder;
  const counts = new Map<string, number>();
  const cursor = folderCursor(folder, (range) => damages.push(range));
  try {
    for (let records = await cursor.next(); records.length > 0; records = await cursor.next()) {
      const file = segments.holding(records[0]?.sequence ?? 0)?.path ?? "";
      counts.set(file, (counts.get(file) ?? 0) + records.length);
    }
  } finally {
    await cursor.close();
  }
  return segments.all.map((segment) => {
    const { path: file, first, bytes } = segment;
    return { file, first, bytes, last: segments.lastOf(segment), records: counts.get(file) ?? 0 };
  });
}

/** Undefined if a hub has removed the snapshot meanwhile. */
async function checkSnapshot(snapshot: FolderSnapshot): Promise<SnapshotReport | undefined> {
  const { file, sequence } = snapshot;
  let chunks = 0;
  try {
    for await (const chunk of snapshot.chunks()) if (chunk.length > 0) chunks += 1;
    return { file, sequence, chunks, isDamaged: false };
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return undefined;
    if (error instanceof PharosError) return { file, sequence, chunks, isDamaged: true };
    throw error;
  }
}
