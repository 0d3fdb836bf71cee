import { defaultPublicationLimits } from "../../../limits/publications.js";

/** Limits of one frame that Mongrel2 sends to a handler. What goes over is reported as malformed, never parsed. */
export interface RequestLimits {
  /** Longest whole frame, in bytes. @default 1,187,840 (1 MiB body and 136 KiB of head) */
  readonly maxFrameBytes: number;
  /** Longest HEADERS block, in bytes. @default 69,632 (68 KiB) */
  readonly maxHeaderBytes: number;
  /** Most header values, the pseudo headers of Mongrel2 and each value of a repeated header counted. @default 256 */
  readonly maxHeaders: number;
  /** Deepest nesting of a tnetstring HEADERS block. @default 3 (dict, list of a repeated header, value) */
  readonly maxTnetstringDepth: number;
}

/**
 * A request head fills at most `limits.buffer_size`, 16 KiB as shipped. Mongrel2 repeats its target (URI; PATH and
 * QUERY) and JSON doubles a quote or backslash: 16 KiB * 2 * 2 = 64 KiB, and 4 KiB for the names and values that it adds.
 */
const maxHeaderBytes = 68 * 1024;

export const defaultRequestLimits: RequestLimits = Object.freeze({
  // The path in front of the headers is part of the same head, so the head counts twice.
  maxFrameBytes: defaultPublicationLimits.dataBytes + 2 * maxHeaderBytes,
  maxHeaderBytes,
  // A browser sends about 20, a proxy adds 10, Mongrel2 another 10: six times that.
  maxHeaders: 256,
  maxTnetstringDepth: 3,
});
