/** A file or folder that may be larger than the rules allow. */
export interface SizeException {
  /** The path from the root of the project: `src/hub/hub.ts` or `src/hub`. */
  readonly path: string;
  readonly reason: string;
}

/**
 * The list may have at most five exceptions. First try to split the file or folder. The reason of an exception says why
 * a split would make the code worse. A file also needs an override of `max-lines` in .oxlintrc.json.
 */
export const exceptions: readonly SizeException[] = [];
