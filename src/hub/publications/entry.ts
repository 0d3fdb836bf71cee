import type { Offset } from "./position.js";
import type { Publication } from "./publication.js";

/** Memory for an entry without its text: the entry, its publication, the topics array and the headers of strings. */
const overheadBytes = 370;

/**
 * Memory for each topic without its text: a string's header, a slot in the topics array and one in the topic's history.
 */
const topicBytes = 30;

/** Writes an entry as bytes. A stream format is one. */
export interface EventEncoder {
  /** Writes a publication as an event, which moves the client's cursor to the publication. */
  event(entry: Entry): Buffer;
}

/** A publication with its position. Only a journal makes one. */
export class Entry {
  readonly offset: Offset;
  /** The event id as clients see it: the publisher's own, or the position. */
  readonly id: string;
  readonly publication: Publication;
  /** The time when the journal stored it, in milliseconds since 1970. */
  readonly atMs: number;
  /** Its size in all limits on bytes. */
  readonly bytes: number;
  /** Counts the publications to its first topic, from 1; private ones have a count of their own. Set by the journal. */
  ordinal = 0;
  /** The number of topic histories that still hold it. Kept by the journal. */
  holders = 0;
  /** The number of connections that it was delivered to when it was published. Kept by the hub. */
  readers = 0;
  /** The number of cohorts in which it is pending. Kept by the hub. */
  pendingIn = 0;
  #encoder: EventEncoder | undefined;
  #encoded: Buffer | undefined;

  constructor(fields: Pick<Entry, "offset" | "id" | "publication" | "atMs">) {
    this.offset = fields.offset;
    this.id = fields.id;
    this.publication = fields.publication;
    this.atMs = fields.atMs;
    const { data, topics, type = "" } = fields.publication;
    const text = heldBytes(data) + fields.id.length + type.length;
    this.bytes = topics.reduce((sum, topic) => sum + topic.length + topicBytes, text + overheadBytes);
  }

  /**
   * Encodes the entry. The bytes are kept while the entry is pending in any cohort, so that each publication is encoded
   * once per format. History holds text only: a small Buffer would keep a slab of 8 KiB in memory.
   */
  encodedAs(encoder: EventEncoder): Buffer {
    if (this.#encoder === encoder && this.#encoded !== undefined) return this.#encoded;
    const encoded = encoder.event(this);
    if (this.pendingIn > 0) {
      this.#encoder = encoder;
      this.#encoded = encoded;
    }
    return encoded;
  }

  /** Drops the encoded bytes when no cohort needs them any more. */
  forgetEncoded(): void {
    this.#encoder = undefined;
    this.#encoded = undefined;
  }
}

/** A text's memory in bytes: V8 uses one byte a character if all are Latin-1, else two. */
function heldBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}
