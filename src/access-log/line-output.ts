/** A place for lines: a file, or standard output. */
export interface LineOutput {
  /** The most bytes of one write. */
  readonly mostBytes: number;
  /** Writes whole lines. One write at a time. Rejects if a part of the lines was not written. */
  write(lines: Buffer): Promise<void>;
  /** Opens the place again before the next write, if that is possible. */
  reopen(): void;
  close(): Promise<void>;
}
