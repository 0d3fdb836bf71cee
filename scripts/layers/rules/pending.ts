/** Faults that are being mended. Remove each line with its fault; a new fault is no reason for a new line. */
export const pending: readonly RegExp[] = [];
