/** A file or folder that may be larger than the rules allow. */
export interface SizeException {
  /** From the root of the project: `src/hub/hub.ts` or `src/hub`. */
  readonly path: string;
  readonly reason: string;
}

/** At most five. Split the file or folder first; write here why that would make it worse. */
export const exceptions: readonly SizeException[] = [];
