import { fileErrorCode, type DiskFile, type DiskFiles } from "./files.js";

/** Opens a file for reading. Undefined if there is no such file: the log may have removed it meanwhile. */
export async function openExisting(files: DiskFiles, path: string): Promise<DiskFile | undefined> {
  try {
    return await files.open(path);
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
