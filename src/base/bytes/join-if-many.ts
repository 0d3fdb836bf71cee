/**
 * The most pieces that stay apart. Each piece needs about 100 bytes beside its content, so 16 KiB in pieces of one byte
 * would need more than a megabyte.
 */
const mostPieces = 64;

/** Returns the same pieces, or all of them in one piece if there are many. Call this function before each further piece. */
export function joinIfMany(pieces: Buffer[]): Buffer[] {
  return pieces.length < mostPieces ? pieces : [Buffer.concat(pieces)];
}
