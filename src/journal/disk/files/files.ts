/** A file that is open. */
export interface DiskFile {
  /**
   * Writes the buffers one after the other from `position` on. Returns the number of bytes that were written: a full
   * disk may take fewer than all, without an error.
   */
  write(buffers: readonly Buffer[], position: number): Promise<number>;
  /** Fills the buffer from `position` on. Returns the number of bytes; fewer than the buffer holds at the file's end. */
  read(buffer: Buffer, position: number): Promise<number>;
  /** Resolves when everything that was written is on the disk, with the size of the file. */
  sync(): Promise<void>;
  /** The size of the file, in bytes. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** A folder that no other process may use. */
export interface HeldFolder {
  /** Lets others use the folder. */
  release(): Promise<void>;
}

/** The calls of the file system that the log on disk needs. Tests use a file system that loses power. */
export interface DiskFiles {
  /** Creates the folder, readable by its owner only, and the folders above it. Does nothing if the folder exists. */
  createFolder(dir: string): Promise<void>;
  /**
   * Waits until the entries of the folder are on the disk. Before that, a power cut may undo each creation, renaming and
   * removal in the folder.
   */
  syncFolder(dir: string): Promise<void>;
  /** The names of all entries of the folder. */
  list(dir: string): Promise<string[]>;
  /** Creates a file for reading and writing, readable by its owner only. Rejects if the file exists. */
  create(path: string): Promise<DiskFile>;
  /** Opens a file for reading. Rejects with the code `ENOENT` if there is none. */
  open(path: string): Promise<DiskFile>;
  /** As {@link open}, but for reading and writing. */
  reopen(path: string): Promise<DiskFile>;
  /** Renames a file. Replaces a file that has the new name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. Does nothing if there is none. */
  remove(path: string): Promise<void>;
  /**
   * Holds the folder, until the process ends at the latest.
   *
   * @throws PharosError `bad-config` if another process holds the folder
   */
  hold(dir: string): Promise<HeldFolder>;
}

/** The code of a failed call of the file system, such as `ENOENT`. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
