import { basename } from "node:path";

import {
  checkFolder,
  type FolderReport,
  type SegmentReport,
  type SnapshotReport,
} from "../../journal/disk/inspect/check-folder.js";
import { exitCodes, type Io } from "../terminal/io.js";

/** Prints the state of each file of a journal. Returns 1 if records or snapshots are damaged. */
export async function check(dir: string, io: Io): Promise<number> {
  const report = await checkFolder(dir);
  const faults = faultsOf(report);
  const lines = [
    ...report.segments.map(segmentLine),
    ...report.snapshots.filter(({ isDamaged }) => !isDamaged).map(snapshotLine),
    ...faults,
    ...behindLine(report),
    faults.length === 0 ? "no damage" : `${faults.length} ${faults.length === 1 ? "damage" : "damages"}`,
  ];
  io.stdout.write(`${lines.join("\n")}\n`);
  return faults.length === 0 ? exitCodes.stopped : exitCodes.failed;
}

function segmentLine({ file, first, last, records, bytes }: SegmentReport): string {
  const range = last < first ? "no records" : `records ${first} to ${last}, ${records} readable`;
  return `${basename(file)}: ${range}, ${bytes} bytes`;
}

function snapshotLine({ file, sequence, chunks }: SnapshotReport): string {
  return `${basename(file)}: complete snapshot at record ${sequence}, ${chunks} parts`;
}

function faultsOf({ damages, snapshots }: FolderReport): readonly string[] {
  return [
    ...damages.map(
      ({ file, from, to, firstLost, lastLost }) =>
        `${basename(file)}: DAMAGED: records ${firstLost} to ${lastLost} are lost, at bytes ${from} to ${to}`,
    ),
    ...snapshots
      .filter(({ isDamaged }) => isDamaged)
      .map(
        ({ file, chunks }) => `${basename(file)}: DAMAGED: only ${chunks} parts of the snapshot can be read`,
      ),
  ];
}

function behindLine({ segments, bytesBehind }: FolderReport): readonly string[] {
  const last = segments.at(-1);
  if (last === undefined || bytesBehind === 0) return [];
  return [`${basename(last.file)}: ${bytesBehind} bytes at the end are no whole record, and do not count`];
}
