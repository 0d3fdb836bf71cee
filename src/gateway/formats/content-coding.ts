import type { Coding } from "../../hub/publications/content-coding.js";

/** An HTTP content coding [RFC 9110 8.4.1] of streams. All clients get the same encoded bytes, whenever they join. */
export interface ContentCoding extends Coding {
  /** The first bytes of each stream. */
  readonly header: Buffer;
}
