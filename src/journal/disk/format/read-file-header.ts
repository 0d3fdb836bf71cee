import { fileHeaderBytes, parseFileHeader, type FileHeader, type JournalId } from "./file-header.js";
import type { DiskFile, FileStat } from "../files/files.js";

/** Reads the header of a segment or a snapshot, and the size of the file. */
export async function readFileHeader(
  file: DiskFile,
  journal: JournalId,
): Promise<FileStat & { readonly header: FileHeader }> {
  const start = Buffer.alloc(fileHeaderBytes);
  const count = await file.read(start, 0);
  return { header: parseFileHeader(start.subarray(0, count), journal), ...(await file.stat()) };
}
