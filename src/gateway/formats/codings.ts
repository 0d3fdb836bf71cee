import type { ContentCoding } from "./content-coding.js";
import { gzipCoding } from "./gzip.js";

/** The content codings of streams, by name. */
export const codings: ReadonlyMap<string, ContentCoding> = new Map([[gzipCoding.name, gzipCoding]]);
