import type { DiskFile } from "./files.js";

/** Writes all buffers. A write that takes fewer bytes fails with the code `ENOSPC`: a full disk gives no error. */
export async function writeAll(file: DiskFile, buffers: readonly Buffer[], position: number): Promise<void> {
  const wanted = buffers.reduce((sum, { length }) => sum + length, 0);
  const written = await file.write(buffers, position);
  if (written === wanted) return;
  const error = new Error(`the disk took ${written} of ${wanted} bytes`);
  throw Object.assign(error, { code: "ENOSPC" });
}
