import type { Coding } from "../../hub/publications/content-coding.js";
import { chunked } from "./chunked.js";
import type { ContentCoding } from "./content-coding.js";
import { gzipCoding } from "./gzip.js";

/** The content codings of streams, in the order of preference. */
export const contentCodings: readonly ContentCoding[] = [gzipCoding];

/** All codings of streams by name: the content codings, with and without chunks, and chunks alone. */
export const codings: ReadonlyMap<string, Coding> = new Map(
  [...contentCodings, ...[undefined, ...contentCodings].map(chunked)].map((coding) => [coding.name, coding]),
);
