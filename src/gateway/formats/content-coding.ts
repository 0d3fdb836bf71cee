import type { Coding } from "../../hub/publications/content-coding.js";

/** A coding of HTTP [RFC 9110 8.4.1] in which a stream can be sent to whoever joins at whatever time. */
export interface ContentCoding extends Coding {
  /** What each stream begins with, in front of everything coded. */
  readonly beginning: Buffer;
}
