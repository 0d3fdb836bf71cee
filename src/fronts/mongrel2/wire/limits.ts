import { defaultPublicationLimits } from "../../../limits/publications.js";

/**
 * Limits of one frame from Mongrel2. The parser stops at the first value above a limit, and reports the frame as
 * malformed.
 */
export interface RequestLimits {
  /** The longest frame in bytes. @default 1,187,840 (1 MiB body and 136 KiB of head) */
  readonly maxFrameBytes: number;
  /** The longest HEADERS block in bytes. @default 69,632 (68 KiB) */
  readonly maxHeaderBytes: number;
  /** The limit of header values, including pseudo headers and each value of a repeated header. @default 256 */
  readonly maxHeaders: number;
  /**
   * The deepest nesting of a tnetstring HEADERS block. @default 3 (dict, list of a repeated header, value)
   */
  readonly maxTnetstringDepth: number;
}

/**
 * A request head has at most `limits.buffer_size` bytes, 16 KiB by default. Mongrel2 writes the request target twice:
 * as URI, and as PATH and QUERY. JSON writes two characters for a quote or backslash. So the target may need 16 KiB * 2
 * * 2 = 64 KiB. Mongrel2's own headers need 4 KiB more.
 */
const maxHeaderBytes = 68 * 1024;

export const defaultRequestLimits: RequestLimits = Object.freeze({
  // The path in front of the headers may be as long as the request head, so the size of the headers counts twice.
  maxFrameBytes: defaultPublicationLimits.dataBytes + 2 * maxHeaderBytes,
  maxHeaderBytes,
  // A browser sends about 20 headers, a proxy adds 10, and Mongrel2 adds 10. The limit is six times the sum of these
  // numbers.
  maxHeaders: 256,
  maxTnetstringDepth: 3,
});
