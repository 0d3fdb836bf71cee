import { dirname } from "node:path";

import type { DiskFile, DiskFiles } from "./files.js";

/** The end of the names of files that are not complete. The log removes such files when it opens. */
export const incompleteSuffix = ".incomplete";

/**
 * Creates a file with what `write` writes, and returns the open file. After a crash or a power cut, the file is there
 * with all its bytes, or not at all. Replaces a file of the same name.
 */
export async function createDurably(
  files: DiskFiles,
  path: string,
  write: (file: DiskFile) => Promise<void>,
): Promise<DiskFile> {
  const incomplete = path + incompleteSuffix;
  await files.remove(incomplete);
  const file = await files.create(incomplete);
  try {
    await write(file);
    await file.sync();
    await files.rename(incomplete, path);
    await files.syncFolder(dirname(path));
    return file;
  } catch (error) {
    await Promise.allSettled([file.close(), files.remove(incomplete)]);
    throw error;
  }
}
