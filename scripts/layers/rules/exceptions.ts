/** A file or folder that may be larger than the rules allow. */
export interface SizeException {
  /** From the root of the project: `src/hub/hub.ts` or `src/hub`. */
  readonly path: string;
  readonly reason: string;
}

/**
 * At most five. Split the file or folder first, and give as reason why that would make it worse. A file also needs an
 * override of `max-lines` in .oxlintrc.json.
 */
export const exceptions: readonly SizeException[] = [];
