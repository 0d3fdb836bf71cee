import { fileHeaderBytes, parseFileHeader, type FileHeader, type JournalId } from "./file-header.js";
import type { DiskFile } from "../files/files.js";

/** Reads the header of a segment or a snapshot, and the size of the file. */
export async function readFileHeader(
  file: DiskFile,
  journal: JournalId,
): Promise<{ readonly header: FileHeader; readonly bytes: number }> {
  const start = Buffer.alloc(fileHeaderBytes);
  const count = await file.read(start, 0);
  return { header: parseFileHeader(start.subarray(0, count), journal), bytes: await file.size() };
}
