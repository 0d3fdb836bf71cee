import type { Format } from "./format.js";
import type { Offset } from "./position.js";
import type { Publication } from "./publication.js";

/**
 * What an entry costs beside its text: the entry, its publication, topics array, strings' headers and its slots in a
 * topic's ring and in a pending list.
 */
const overheadBytes = 400;

/** A publication that has its place in the journal. Made by the journal only. */
export class Entry {
  readonly offset: Offset;
  /** The event id as clients see it: the publisher's own, or the position. */
  readonly id: string;
  readonly publication: Publication;
  /** When the journal took it, milliseconds since 1970. */
  readonly atMs: number;
  /** What it counts for in every limit on bytes. */
  readonly bytes: number;
  /** How many topics' histories still hold it; kept by the journal. */
  holders = 0;
  /** How many cohorts have it pending; kept by the hub. */
  pendingIn = 0;
  #format: Format | undefined;
  #encoded: Buffer | undefined;

  constructor(fields: Pick<Entry, "offset" | "id" | "publication" | "atMs">) {
    this.offset = fields.offset;
    this.id = fields.id;
    this.publication = fields.publication;
    this.atMs = fields.atMs;
    this.bytes = fields.publication.data.length + fields.id.length + overheadBytes;
  }

  /**
   * The entry as bytes. They are kept while the entry is pending anywhere, so that each publication is encoded once
   * per format; history holds text only, since small buffers would each keep a whole 8 KiB slab alive.
   */
  encodedAs(format: Format): Buffer {
    if (this.#format === format && this.#encoded !== undefined) return this.#encoded;
    const encoded = format.event(this);
    if (this.pendingIn > 0) {
      this.#format = format;
      this.#encoded = encoded;
    }
    return encoded;
  }

  /** Drops the encoded bytes once nobody waits for them. */
  forgetEncoded(): void {
    this.#format = undefined;
    this.#encoded = undefined;
  }
}
