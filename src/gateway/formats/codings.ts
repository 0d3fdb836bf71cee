import type { ContentCoding } from "./content-coding.js";
import { gzipCoding } from "./gzip.js";

/** Every coding that streams may have, by name. */
export const codings: ReadonlyMap<string, ContentCoding> = new Map([[gzipCoding.name, gzipCoding]]);
